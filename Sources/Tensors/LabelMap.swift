/// Class indices of one image, [H, W], row-major. Not a tensor: averaging or bilinear resizing of class indices
/// has no meaning, so those operations do not exist here.
public struct LabelMap: Equatable, Sendable {
  /// The value of pixels that no loss and no metric looks at.
  public static let ignore: UInt8 = 255

  public let height: Int
  public let width: Int
  /// Class indices or `LabelMap.ignore`, `height * width` of them.
  public var values: [UInt8]

  public init(height: Int, width: Int, values: [UInt8]) {
    precondition(
      values.count == height * width, "LabelMap: \(values.count) values do not fill [\(height), \(width)]")
    self.height = height
    self.width = width
    self.values = values
  }

  public init(height: Int, width: Int, repeating value: UInt8 = LabelMap.ignore) {
    self.init(height: height, width: width, values: [UInt8](repeating: value, count: height * width))
  }

  public subscript(y: Int, x: Int) -> UInt8 {
    get { values[y * width + x] }
    set { values[y * width + x] = newValue }
  }
}

/// Class indices of a batch of equally sized images, [B, H, W], row-major; `LabelMap.ignore` where unlabelled.
public struct LabelBatch: Equatable, Sendable {
  public let count: Int
  public let height: Int
  public let width: Int
  public var values: [UInt8]

  public init(count: Int, height: Int, width: Int, values: [UInt8]) {
    precondition(
      values.count == count * height * width,
      "LabelBatch: \(values.count) values do not fill [\(count), \(height), \(width)]")
    self.count = count
    self.height = height
    self.width = width
    self.values = values
  }

  /// Stacks maps of equal size.
  public init(_ maps: [LabelMap]) {
    let height = maps.first?.height ?? 0
    let width = maps.first?.width ?? 0
    precondition(
      maps.allSatisfy { $0.height == height && $0.width == width }, "LabelBatch: maps differ in size")
    self.init(count: maps.count, height: height, width: width, values: maps.flatMap(\.values))
  }
}

extension LabelBatch {
  /// The labels at the nearest pixels of a smaller grid, [count, height, width]: source row floor(y * H / height), as
  /// torch's `interpolate` in mode `nearest`.
  public func nearest(height: Int, width: Int) -> [UInt8] {
    var small: [UInt8] = []
    small.reserveCapacity(count * height * width)
    for map in 0..<count {
      for y in 0..<height {
        let row = (map * self.height + y * self.height / height) * self.width
        for x in 0..<width { small.append(values[row + x * self.width / width]) }
      }
    }
    return small
  }
}
