import CHDF5

extension HDF5File {
  /// Row-major values of one index of a dataset's outermost axis, without reading the others: [N, ...] gives
  /// [...].
  public func floats(_ dataset: String, slice index: Int) throws -> [Float] {
    try read(dataset, slice: index)
  }

  /// The same for unsigned bytes or booleans.
  public func bytes(_ dataset: String, slice index: Int) throws -> [UInt8] { try read(dataset, slice: index) }

  private func read<Element: HDF5Element>(_ dataset: String, slice index: Int) throws -> [Element] {
    let opened = try openDataset(dataset)
    let type = try Handle(
      H5Dget_type(opened.id), close: H5Tclose, orThrow: { self.failure(dataset, "typing", $0) })
    try check(type.id, holds: Element.self, dataset)
    let fail = { (reason: String) in self.failure(dataset, "slicing", reason) }
    let space = try Handle(H5Dget_space(opened.id), close: H5Sclose, orThrow: fail)
    let shape = try extents(ofSpace: space.id, named: dataset)
    guard let outermost = shape.first, (0..<outermost).contains(index) else {
      throw HDF5Error.wrongShape(
        path: path, object: dataset, wanted: "more than \(index) along the first axis", found: shape)
    }
    let start = shape.indices.map { hsize_t($0 == 0 ? index : 0) }
    let count = shape.enumerated().map { hsize_t($0.offset == 0 ? 1 : $0.element) }
    let stored = Int(clamping: H5Dget_storage_size(opened.id))
    _ = try self.count(
      of: shape, bytes: MemoryLayout<Element>.stride, stored: stored, ratio: ratio(of: opened.id),
      named: dataset)
    var values = [Element](repeating: .zero, count: shape.dropFirst().reduce(1, *))
    guard !values.isEmpty else { return values }
    let memory = try Handle(H5Screate_simple(Int32(count.count), count, nil), close: H5Sclose, orThrow: fail)
    guard H5Sselect_hyperslab(space.id, H5S_SELECT_SET, start, nil, count, nil) >= 0 else {
      throw failure(dataset, "slicing")
    }
    let transfer = try transfer(type.id, values, named: dataset)
    let status = values.withUnsafeMutableBytes {
      H5Dread(opened.id, Element.memoryType, memory.id, space.id, transfer.id, $0.baseAddress)
    }
    guard status >= 0 else { throw failure(dataset, "reading") }
    return values
  }
}
