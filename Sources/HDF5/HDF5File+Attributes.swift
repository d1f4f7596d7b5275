import CHDF5

extension HDF5File {
  /// Names of an object's attributes, sorted.
  public func attributeNames(at object: String = "/") throws -> [String] {
    let opened = try open(object)
    var info = H5O_info_t()
    guard H5Oget_info1(opened.id, &info) >= 0 else { throw failure(object, "listing attributes") }
    var names: [String] = []
    for index in 0..<info.num_attrs {
      let attribute = try Handle(
        H5Aopen_by_idx(
          opened.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, jml_h5_default(), jml_h5_default()),
        close: H5Aclose, orThrow: { self.failure(object, "listing attributes", $0) })
      let length = H5Aget_name(attribute.id, 0, nil)
      guard length >= 0 else { throw failure(object, "listing attributes") }
      var bytes = [CChar](repeating: 0, count: length + 1)
      guard H5Aget_name(attribute.id, bytes.count, &bytes) >= 0 else {
        throw failure(object, "listing attributes")
      }
      names.append(String(decoding: bytes.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return names.sorted()
  }

  public func hasAttribute(_ name: String, at object: String = "/") throws -> Bool {
    let opened = try open(object)
    return H5Aexists(opened.id, name) > 0
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
    let label = "\(object)@\(name)"
    return try withAttribute(name, object) { attribute, type, count in
      guard count == 1 else {
        throw HDF5Error.wrongShape(path: path, object: label, wanted: "one value", found: [count])
      }
      return try readStrings(label, type: type, count: 1) { H5Aread(attribute, $0, $1) }[0]
    }
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
    try withAttribute(name, object) { attribute, type, count in
      try readStrings("\(object)@\(name)", type: type, count: count) { H5Aread(attribute, $0, $1) }
    }
  }

  private func scalar<Element: HDF5Element>(_ name: String, _ object: String) throws -> Element {
    let values: [Element] = try values(name, object)
    guard values.count == 1 else {
      throw HDF5Error.wrongShape(
        path: path, object: "\(object)@\(name)", wanted: "one value", found: [values.count])
    }
    return values[0]
  }

  private func values<Element: HDF5Element>(_ name: String, _ object: String) throws -> [Element] {
    try withAttribute(name, object) { attribute, type, count in
      try check(type, holds: Element.self, "\(object)@\(name)")
      var values = [Element](repeating: .zero, count: count)
      guard count > 0 else { return values }
      let status = values.withUnsafeMutableBytes { H5Aread(attribute, Element.memoryType, $0.baseAddress) }
      guard status >= 0 else { throw failure("\(object)@\(name)", "reading") }
      return values
    }
  }

  private func withAttribute<Result>(
    _ name: String, _ object: String,
    _ body: (_ attribute: hid_t, _ type: hid_t, _ count: Int) throws -> Result
  ) throws -> Result {
    let opened = try open(object)
    let label = "\(object)@\(name)"
    guard H5Aexists(opened.id, name) > 0 else { throw HDF5Error.missing(path: path, object: label) }
    let attribute = try Handle(
      H5Aopen(opened.id, name, jml_h5_default()), close: H5Aclose,
      orThrow: { self.failure(label, "opening", $0) })
    let type = try Handle(
      H5Aget_type(attribute.id), close: H5Tclose, orThrow: { self.failure(label, "typing", $0) })
    let space = try Handle(
      H5Aget_space(attribute.id), close: H5Sclose, orThrow: { self.failure(label, "measuring", $0) })
    let shape = try extents(ofSpace: space.id, named: label)
    // Attributes are not compressed.
    let count = try count(of: shape, bytes: H5Tget_size(type.id), stored: try fileSize(), named: label)
    return try body(attribute.id, type.id, count)
  }
}
