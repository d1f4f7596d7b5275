extension HDF5File {
  /// Row-major values of one index of a dataset's outermost axis, without reading the others: [N, ...] gives
  /// [...].
  public func floats(_ dataset: String, slice index: Int) throws -> [Float] {
    try read(dataset, slice: index)
  }

  /// The same for unsigned bytes or booleans.
  public func bytes(_ dataset: String, slice index: Int) throws -> [UInt8] { try read(dataset, slice: index) }

  private func read<Element: HDF5Element>(_ dataset: String, slice index: Int) throws -> [Element] {
    let visit = Visit(source, superblock)
    let opened = try open(dataset, visit)
    let conversion = try conversion(to: Element.self, from: opened.type, dataset)
    let values = try measure(opened, visit, named: dataset)
    guard let outermost = values.shape.first, !opened.space.isNull, (0..<outermost).contains(index) else {
      throw HDF5Error.wrongShape(
        path: path, object: dataset, wanted: "more than \(index) along the first axis", found: values.shape)
    }
    let all = try count(
      of: values.shape, bytes: MemoryLayout<Element>.stride, stored: values.stored, ratio: values.ratio,
      named: dataset)
    return try read(
      opened, values, rows: index..<index + 1, count: all / outermost, conversion, visit, named: dataset)
  }
}
