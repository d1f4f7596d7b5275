/// A dataset as its object header describes it.
struct Dataset {
  /// Of the object header.
  let address: Int
  let type: Datatype
  let space: Dataspace
  let layout: DataLayout
  let pipeline: FilterPipeline
  let fill: FillValue
  /// Whether its values lie in other files.
  let isExternal: Bool

  /// nil for an object that is something else.
  init?(_ header: ObjectHeader, _ visit: Visit) throws {
    guard !header.has(.symbolTable), !header.has(.linkInfo),
      let type = try header.body(.datatype, visit), let space = try header.body(.dataspace, visit)
    else { return nil }
    address = header.address
    self.type = try Datatype(type)
    self.space = try Dataspace(space)
    guard let layout = try header.body(.layout, visit) else {
      throw Malformed("it does not say where its values are")
    }
    self.layout = try DataLayout(layout)
    pipeline = try header.body(.filters, visit).map { try FilterPipeline($0) } ?? FilterPipeline()
    if let fill = try header.body(.fillValue, visit) {
      self.fill = try FillValue(fill)
    } else {
      fill = try header.body(.oldFillValue, visit).map { try FillValue(old: $0) } ?? FillValue()
    }
    guard var external = try header.body(.externalFiles, visit) else {
      isExternal = false
      return
    }
    try external.skip(6)
    isExternal = try external.two() != 0
  }

  /// The dataset's chunks; nil where it has none.
  func chunkShape() throws -> (layout: DataLayout.Chunks, shape: ChunkShape)? {
    guard case .chunked(let layout) = layout else { return nil }
    let shape = try space.shape()
    guard !space.isNull, layout.extents.count == shape.count + 1, let size = layout.extents.last,
      size == type.size
    else {
      throw Malformed("its chunks \(layout.extents) are of another shape or type")
    }
    let chunk = Array(layout.extents.dropLast())
    let bytes = try Checked.product(layout.extents, "a chunk")
    return (
      layout,
      ChunkShape(
        shape: shape, chunk: chunk, limits: space.limits, bytes: bytes, isFiltered: !pipeline.filters.isEmpty)
    )
  }
}
