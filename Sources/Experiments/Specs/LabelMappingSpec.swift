import JSON

/// Which value of a label file means which class.
public enum LabelMappingSpec: Equatable, Sendable {
  /// Grey level or palette index: class = value - offset. Offset 0 is `kind: ids`.
  case values(offset: Int, ignore: [Int])
  /// RGB colours, one a class. With a threshold, each channel is first set to 255 from that value on, else to 0.
  case colors([[Int]], ignore: [[Int]], threshold: Int?)

  private enum Kind: String, CaseIterable { case ids, offset, colours }

  private static let exact = "exact"

  init(_ reader: StrictReader, classes: Int) throws {
    switch try reader.required("kind").choice(Kind.self) {
    case .ids:
      try reader.allowOnly(["kind", "ignore"])
      self = .values(offset: 0, ignore: try LabelMappingSpec.ignored(reader, classes: classes, offset: 0))
    case .offset:
      try reader.allowOnly(["kind", "offset", "ignore"])
      let offset = try reader.required("offset").int(1...max(1, 256 - classes))
      self = .values(
        offset: offset, ignore: try LabelMappingSpec.ignored(reader, classes: classes, offset: offset))
    case .colours:
      try reader.allowOnly(["kind", "colours", "ignore", "threshold"])
      self = try LabelMappingSpec.colors(reader, classes: classes)
    }
  }

  private static func ignored(_ reader: StrictReader, classes: Int, offset: Int) throws -> [Int] {
    let list = try reader.required("ignore")
    let values = try list.list { item in
      let value = try item.int(0...255)
      if (offset..<offset + classes).contains(value) {
        throw item.inconsistent("is the value of class \(value - offset)")
      }
      return value
    }
    if Set(values).count != values.count { throw list.inconsistent("a value stands twice") }
    return values.sorted()
  }

  private static func colors(_ reader: StrictReader, classes: Int) throws -> LabelMappingSpec {
    let thresholdReader = try reader.required("threshold")
    var threshold: Int?
    guard case .scalar(let text, _) = thresholdReader.node else {
      throw thresholdReader.wrongType("exact, or an integer, 1...255")
    }
    if text != exact {
      guard let value = try? thresholdReader.int(1...255) else {
        throw thresholdReader.outOfRange("exact, or an integer, 1...255")
      }
      threshold = value
    }
    var seen: Set<[Int]> = []
    func read(_ list: StrictReader) throws -> [[Int]] {
      try list.list { item in
        let color = try item.list { try $0.int(0...255) }
        if color.count != 3 { throw item.outOfRange("a list of 3, red, green, blue") }
        if threshold != nil, !color.allSatisfy({ $0 == 0 || $0 == 255 }) {
          throw item.inconsistent("\(color) with a threshold; allowed: colours of 0 and 255")
        }
        if !seen.insert(color).inserted { throw item.inconsistent("\(color) stands twice") }
        return color
      }
    }
    let list = try reader.required("colours")
    let colors = try read(list)
    if colors.count != classes {
      throw list.inconsistent("there are \(classes) classes, in the same order")
    }
    return .colors(colors, ignore: try read(try reader.required("ignore")), threshold: threshold)
  }

  var json: JSONValue {
    switch self {
    case .values(let offset, let ignore):
      var members: [String: JSONValue] = [
        "kind": .string(offset == 0 ? "ids" : "offset"), "ignore": .array(ignore.map { .int($0) }),
      ]
      if offset > 0 { members["offset"] = .int(offset) }
      return .object(members)
    case .colors(let colors, let ignore, let threshold):
      func list(_ colors: [[Int]]) -> JSONValue { .array(colors.map { .array($0.map { .int($0) }) }) }
      return .object([
        "kind": .string("colours"), "colours": list(colors), "ignore": list(ignore),
        "threshold": threshold.map { .int($0) } ?? .string(LabelMappingSpec.exact),
      ])
    }
  }
}
