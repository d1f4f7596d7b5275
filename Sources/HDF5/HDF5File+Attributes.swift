extension HDF5File {
  /// Names of an object's attributes, sorted.
  public func attributeNames(at object: String = "/") throws -> [String] {
    let visit = Visit(source, superblock)
    let header = try header(of: object, visit)
    return try reporting(object, "listing attributes") {
      try Attributes(header, visit).names().map { String(decoding: $0, as: UTF8.self) }.sorted()
    }
  }

  public func hasAttribute(_ name: String, at object: String = "/") throws -> Bool {
    let visit = Visit(source, superblock)
    let header = try header(of: object, visit)
    return try reporting("\(object)@\(name)", "looking up") {
      try Attributes(header, visit).attribute(Array(name.utf8)) != nil
    }
  }

  /// A scalar attribute of floats (any precision).
  public func attribute(double name: String, at object: String = "/") throws -> Double {
    try scalar(name, object)
  }

  /// A scalar integer attribute.
  public func attribute(int name: String, at object: String = "/") throws -> Int {
    let value: Int64 = try scalar(name, object)
    return Int(value)
  }

  /// A scalar string attribute, of variable or fixed length.
  public func attribute(string name: String, at object: String = "/") throws -> String {
    let texts = try texts(name, object) { count in
      guard count == 1 else {
        throw HDF5Error.wrongShape(
          path: path, object: "\(object)@\(name)", wanted: "one value", found: [count])
      }
    }
    return texts.first ?? ""
  }

  /// An attribute of floats of any shape, row-major.
  public func attribute(doubles name: String, at object: String = "/") throws -> [Double] {
    try values(name, object)
  }

  /// An attribute of integers of any shape, row-major.
  public func attribute(ints name: String, at object: String = "/") throws -> [Int] {
    let values: [Int64] = try values(name, object)
    return values.map { Int($0) }
  }

  /// An attribute of strings of any shape, row-major.
  public func attribute(strings name: String, at object: String = "/") throws -> [String] {
    try texts(name, object) { _ in }
  }

  private func scalar<Element: HDF5Element>(_ name: String, _ object: String) throws -> Element {
    let values: [Element] = try values(name, object)
    guard let value = values.first, values.count == 1 else {
      throw HDF5Error.wrongShape(
        path: path, object: "\(object)@\(name)", wanted: "one value", found: [values.count])
    }
    return value
  }

  private func values<Element: HDF5Element>(_ name: String, _ object: String) throws -> [Element] {
    let visit = Visit(source, superblock)
    let (label, attribute) = try attribute(name, object, visit)
    let conversion = try conversion(to: Element.self, from: attribute.type, label)
    // Attributes are not compressed.
    let count = try count(
      of: attribute.shape, bytes: max(attribute.type.size, MemoryLayout<Element>.stride),
      stored: source.count,
      named: label)
    guard count > 0 else { return [] }
    let bytes = try bytes(of: attribute, count, label)
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      bytes.withUnsafeBytes { bytes in
        // `bytes` has `count` values of the stored type, and `target` as many of the other.
        conversion.apply(bytes, to: target)
      }
      initialized = count
    }
  }

  private func texts(_ name: String, _ object: String, _ check: (_ count: Int) throws -> Void) throws
    -> [String]
  {
    let visit = Visit(source, superblock)
    let (label, attribute) = try attribute(name, object, visit)
    let count = try count(
      of: attribute.shape, ofTexts: attribute.type, source.count, HDF5File.plainRatio, named: label)
    try check(count)
    try checkText(attribute.type, label)
    guard count > 0 else { return [] }
    return try texts(
      try bytes(of: attribute, count, label), attribute.type, count: count, visit, named: label)
  }

  private struct Attribute {
    let type: Datatype
    let shape: [Int]
    let values: Cursor
  }

  private func attribute(
    _ name: String, _ object: String, _ visit: Visit
  ) throws -> (label: String, attribute: Attribute) {
    let header = try header(of: object, visit)
    let label = "\(object)@\(name)"
    let found = try reporting(label, "opening") { () -> Attribute? in
      guard let message = try Attributes(header, visit).attribute(Array(name.utf8)) else { return nil }
      let (type, space, values) = try message.content(visit)
      return Attribute(type: type, shape: try space.shape(), values: values)
    }
    guard let found else { throw HDF5Error.missing(path: path, object: label) }
    return (label, found)
  }

  private func bytes(of attribute: Attribute, _ count: Int, _ label: String) throws -> [UInt8] {
    try reporting(label, "reading") {
      var values = attribute.values
      return try values.take(try Checked.product(count, attribute.type.size, "an attribute"))
    }
  }
}
