import Tensors

/// Classes by grey level or palette index.
struct LabelValues: Sendable {
  /// 256 entries: the class, `LabelMap.ignore`, or -1 where the value is not allowed.
  private let table: [Int16]
  /// The allowed values, for messages.
  private let allowed: String
  /// Values below this, when not allowed, are likely raw Cityscapes ids; 0 where that cannot happen.
  private let rawIdLimit: Int

  init(classCount: Int, offset: Int, ignored: [Int], rawIdLimit: Int = 0) {
    precondition((1...254).contains(classCount), "LabelMapping: \(classCount) classes do not fit")
    precondition(
      offset >= 0 && offset + classCount <= 256,
      "LabelMapping: \(classCount) classes from \(offset) on do not fit")
    var table = [Int16](repeating: -1, count: 256)
    for value in 0..<classCount { table[offset + value] = Int16(value) }
    for value in ignored {
      precondition(
        (0...255).contains(value) && table[value] < 0,
        "LabelMapping: ignored value \(value) is a class's, or no byte")
      table[value] = Int16(LabelMap.ignore)
    }
    self.table = table
    allowed = (["\(offset)...\(offset + classCount - 1)"] + ignored.sorted().map(String.init))
      .joined(separator: " and ")
    self.rawIdLimit = rawIdLimit
  }

  init(rawIds ids: [Int], last: Int) {
    var table = [Int16](repeating: -1, count: 256)
    for value in 0...last { table[value] = Int16(LabelMap.ignore) }
    for (index, id) in ids.enumerated() { table[id] = Int16(index) }
    table[255] = Int16(LabelMap.ignore)
    self.table = table
    allowed = "0...\(last) and 255"
    rawIdLimit = 0
  }

  /// - Parameter firstRow: the file's row that `raw` begins with.
  /// - Throws: `DatasetError.labelValue` with the first pixel whose value is not allowed.
  func apply(_ raw: LabelMap, path: String, firstRow: Int = 0) throws -> LabelMap {
    var bad = -1
    let values = [UInt8](unsafeUninitializedCapacity: raw.values.count) { target, count in
      raw.values.withUnsafeBufferPointer { source in
        table.withUnsafeBufferPointer { table in
          for index in 0..<source.count {
            let mapped = table[Int(source[index])]
            if mapped < 0 && bad < 0 { bad = index }
            target[index] = UInt8(truncatingIfNeeded: mapped)
          }
        }
      }
      count = raw.values.count
    }
    guard bad < 0 else {
      let value = Int(raw.values[bad])
      let hint = value < rawIdLimit ? "this looks like raw labelIds, not train ids" : nil
      throw DatasetError.labelValue(
        path: path, value: value, x: bad % raw.width, y: firstRow + bad / raw.width, allowed: allowed,
        hint: hint)
    }
    return LabelMap(height: raw.height, width: raw.width, values: values)
  }
}
