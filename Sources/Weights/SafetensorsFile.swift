import Foundation
import Platform
import Tensors

/// A safetensors file: 8 bytes with the header's length (little endian), a JSON header that gives each tensor's type,
/// shape and byte range, and the bytes.
///
/// Everything in the header is checked before a byte of data is looked at: the ranges must fill the data without gap or
/// overlap, and agree with type and shape.
public struct SafetensorsFile {
  public struct Entry: Sendable, Equatable {
    public let name: String
    public let type: ElementType
    public let shape: Shape
    /// In the data behind the header.
    let bytes: Range<Int>
  }

  public enum ElementType: String, Sendable, CaseIterable {
    case F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL

    var size: Int {
      switch self {
      case .F64, .I64, .U64: return 8
      case .F32, .I32, .U32: return 4
      case .F16, .BF16, .I16, .U16: return 2
      case .I8, .U8, .BOOL: return 1
      }
    }

    /// What weights may be stored as.
    static let weights: [ElementType] = [.F32, .F16, .BF16]
  }

  public let path: String
  /// Sorted by name.
  public let entries: [Entry]
  private let data: Data
  private let start: Int

  /// The format's own limit, bytes.
  static let longestHeader = 100_000_000

  /// - Throws: `WeightsError`.
  public init(reading url: URL) throws(WeightsError) {
    let data: Data
    do {
      data = try RegularFile.read(url.path)
    } catch {
      throw .unreadable(path: url.path, reason: error.reason)
    }
    try self.init(data, path: url.path)
  }

  /// - Parameter path: for errors.
  /// - Throws: `WeightsError`.
  public init(_ data: Data, path: String) throws(WeightsError) {
    func malformed(_ reason: String) -> WeightsError { .malformed(path: path, reason: reason) }
    guard data.count >= 8 else { throw malformed("\(data.count) bytes are too few for a safetensors file") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(SafetensorsFile.longestHeader) else {
      throw malformed("a header of \(length) bytes; at most \(SafetensorsFile.longestHeader) are allowed")
    }
    guard length <= UInt64(data.count - 8) else {
      throw malformed("a header of \(length) bytes in a file of \(data.count)")
    }
    let start = 8 + Int(length)
    let header = data.subdata(in: data.startIndex + 8..<data.startIndex + start)
    guard let members = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw malformed("the header is not a JSON object")
    }
    if let name = TopLevelKeys.repeated(in: header) {
      throw malformed("the header names tensor '\(name)' twice")
    }
    var entries: [Entry] = []
    for name in members.keys.sorted() where name != "__metadata__" {
      entries.append(try SafetensorsFile.entry(name, members[name], path))
    }
    self.path = path
    self.entries = entries
    self.data = data
    self.start = start
    try checkRanges(dataBytes: data.count - start)
  }

  private static func entry(_ name: String, _ value: Any?, _ path: String) throws(WeightsError) -> Entry {
    func malformed(_ reason: String) -> WeightsError {
      .malformed(path: path, reason: "tensor '\(name)': \(reason)")
    }
    guard let fields = value as? [String: Any] else { throw malformed("no JSON object in the header") }
    guard let typeName = fields["dtype"] as? String else { throw malformed("no dtype") }
    guard let type = ElementType(rawValue: typeName) else {
      throw .unknownType(
        path: path, tensor: name, type: typeName, allowed: ElementType.allCases.map(\.rawValue))
    }
    guard let shape = integers(fields["shape"]), shape.allSatisfy({ $0 >= 0 }) else {
      throw malformed("its shape is not a list of whole numbers")
    }
    guard let offsets = integers(fields["data_offsets"]), offsets.count == 2, offsets[0] >= 0,
      offsets[0] <= offsets[1]
    else { throw malformed("its data_offsets are not two rising whole numbers") }
    var size = type.size
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw malformed("its shape \(shape) is too large") }
      size = product
    }
    guard offsets[1] - offsets[0] == size else {
      throw malformed(
        "\(offsets[1] - offsets[0]) bytes for shape \(shape) of \(type.rawValue), which needs \(size)")
    }
    return Entry(name: name, type: type, shape: Shape(shape), bytes: offsets[0]..<offsets[1])
  }

  private static func integers(_ value: Any?) -> [Int]? {
    guard let list = value as? [Any] else { return nil }
    var numbers: [Int] = []
    for item in list {
      guard let number = item as? NSNumber, let exact = Int(exactly: number.doubleValue), exact < 1 << 53
      else {
        return nil
      }
      numbers.append(exact)
    }
    return numbers
  }

  /// The ranges, in order, must fill the data.
  private func checkRanges(dataBytes: Int) throws(WeightsError) {
    var end = 0
    let ordered = entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    for entry in ordered {
      let (first, last) = (entry.bytes.lowerBound, entry.bytes.upperBound)
      let reason: String
      if last > dataBytes {
        reason = "ends at byte \(last) of \(dataBytes)"
      } else if first < end {
        reason = "overlaps the tensor before it (begins at byte \(first), which is below \(end))"
      } else if first > end {
        reason = "leaves bytes \(end)..<\(first) unused"
      } else {
        end = last
        continue
      }
      throw .malformed(path: path, reason: "tensor '\(entry.name)' \(reason)")
    }
    guard end == dataBytes else {
      throw .malformed(path: path, reason: "\(dataBytes - end) bytes behind the last tensor")
    }
  }

  public subscript(name: String) -> Entry? {
    entries.first { $0.name == name }
  }

  /// The values of an entry of type F32, F16 or BF16 in Float32.
  ///
  /// - Throws: `WeightsError.unknownType` for other types, `.notFinite` for NaN and infinities.
  public func tensor(_ entry: Entry) throws(WeightsError) -> Tensor {
    let tensor = Tensor(uninitialized: entry.shape)
    let count = entry.shape.count
    let target = tensor.pointer
    let offset = start + entry.bytes.lowerBound
    guard ElementType.weights.contains(entry.type) else {
      throw .unknownType(
        path: path, tensor: entry.name, type: entry.type.rawValue,
        allowed: ElementType.weights.map(\.rawValue))
    }
    data.withUnsafeBytes { bytes in
      for index in 0..<count {
        switch entry.type {
        case .F16:
          let bits = bytes.loadUnaligned(fromByteOffset: offset + 2 * index, as: UInt16.self)
          target[index] = SafetensorsFile.half(UInt16(littleEndian: bits))
        case .BF16:
          let bits = bytes.loadUnaligned(fromByteOffset: offset + 2 * index, as: UInt16.self)
          target[index] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
        default:
          let bits = bytes.loadUnaligned(fromByteOffset: offset + 4 * index, as: UInt32.self)
          target[index] = Float(bitPattern: UInt32(littleEndian: bits))
        }
      }
    }
    if let index = (0..<count).first(where: { !target[$0].isFinite }) {
      throw .notFinite(path: path, tensor: entry.name, index: index, value: "\(target[index])")
    }
    return tensor
  }

  /// IEEE 754 half precision; Swift has no Float16 on every CPU.
  static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
