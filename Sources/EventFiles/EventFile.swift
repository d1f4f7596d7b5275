import Foundation

/// A file of events, in TFRecord's framing: of each record its length in bytes (8 bytes), the masked checksum of these 8
/// (4), the record, its masked checksum (4); numbers are little-endian.
public enum EventFile {
  /// TensorBoard knows its files by `tfevents` in their names.
  public static let name = "events.out.tfevents.jml"

  /// - Parameter events: ascending by step. The record of the format's version is put before them.
  public static func bytes(_ events: [Event]) -> Data {
    let begin = Event(wallTime: events.first?.wallTime ?? 0, step: 0, .fileVersion)
    return Data(([begin] + events).flatMap { record($0.message) })
  }

  /// One record with its frame.
  public static func record(_ message: [UInt8]) -> [UInt8] {
    let length = little(UInt64(message.count))
    return length + little(CRC32C.masked(length)) + message + little(CRC32C.masked(message))
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
