extension HDF5File {
  /// Soft links on the way to an object; more are a circle, or meant to be one.
  private static let maximumSoftLinks = 16

  /// Address of an object's header. Soft links are followed, and nothing leads out of the file.
  /// - Throws: `HDF5Error.missing`; `.elsewhere` for external and user-defined links, and circles.
  func address(of object: String, _ visit: Visit) throws -> Int {
    try reporting(object, "looking up") {
      var rest = HDF5File.parts(object).map { Array($0.utf8) }[...]
      var address = superblock.root
      var followed = 0
      while let part = rest.popFirst() {
        if part == [UInt8(ascii: ".")] { continue }
        guard let group = try Group(ObjectHeader(at: address, visit), visit), let link = try group.link(part)
        else {
          throw HDF5Error.missing(path: path, object: object)
        }
        switch link {
        case .hard(let target): address = target
        case .soft(let target):
          followed += 1
          guard followed <= HDF5File.maximumSoftLinks else {
            throw HDF5Error.elsewhere(path: path, object: object, what: "a circle of links")
          }
          if target.first == UInt8(ascii: "/") { address = superblock.root }
          rest = target.split(separator: UInt8(ascii: "/")).map { Array($0) }[...] + rest
        case .external:
          throw HDF5Error.elsewhere(path: path, object: object, what: "a link to another file")
        case .other:
          throw HDF5Error.elsewhere(path: path, object: object, what: "a link of an unknown kind")
        }
      }
      return address
    }
  }

  // MARK: - Promises

  /// What a deflated byte may become, rounded up: no filter that is read makes more of it.
  static let filteredRatio = 1100
  /// What a byte that lies as it is may become: values of another type, and a chunk that others have not filled.
  static let plainRatio = 16
  /// Below this much nobody is hurt by a promise.
  static let harmless = 1 << 24

  /// How many values a shape has, before memory is asked for.
  ///
  /// - Parameters:
  ///   - bytes: of a value.
  ///   - stored: bytes of the values in the file, compressed as they may be.
  ///   - ratio: bytes that one of them may become.
  /// - Throws: `HDF5Error.unstored`: a file of some kilobytes can promise terabytes, which would be filled with zeros.
  func count(
    of shape: [Int], bytes: Int, stored: Int, ratio: Int = HDF5File.plainRatio, named name: String
  ) throws -> Int {
    var count = 1
    var total = max(bytes, 1)
    for extent in shape {
      let product = count.multipliedReportingOverflow(by: extent)
      let sum = total.multipliedReportingOverflow(by: extent)
      guard !product.overflow, !sum.overflow else {
        throw HDF5Error.unstored(path: path, object: name, shape: shape, stored: stored)
      }
      (count, total) = (product.partialValue, sum.partialValue)
    }
    guard total <= HDF5File.harmless || total / ratio <= stored else {
      throw HDF5Error.unstored(path: path, object: name, shape: shape, stored: stored)
    }
    return count
  }
}
