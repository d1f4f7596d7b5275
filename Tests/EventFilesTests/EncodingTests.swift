import EventFiles
import Foundation
import Testing

/// Bytes on disk, against the standard and against what TensorBoard's own writer made.
@Suite struct EncodingTests {
  /// RFC 3720, appendix B.4, and the check value of the algorithm's catalogue.
  @Test func castagnoli() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(0..<32 as Range<UInt8>) == 0x46DD_794E)
    #expect(CRC32C.checksum((0..<32 as Range<UInt8>).reversed()) == 0x113F_DB5C)
    let command: [UInt8] = [
      0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0,
      0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
    ]
    #expect(CRC32C.checksum(command) == 0xD996_3A56)
    #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
    #expect(CRC32C.checksum([]) == 0)
    // Rotated right by 15 and shifted by a constant, modulo 2^32.
    #expect(CRC32C.masked([]) == 0xA282_EAD8)
    #expect(CRC32C.masked("123456789".utf8) == 0xC78A_B0E5)
  }

  /// `Tests/TensorBoard/record_events.py` recorded the same events.
  @Test func sameBytesAsTensorBoardsWriter() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/events.out.tfevents.recorded")
    let text = "# ε = 0.5\n" + String(repeating: "    {}\n", count: 60)
    let events = [
      Event(wallTime: 0, step: 0, .values([.text(tag: "spec", text)])),
      Event(
        wallTime: 0.75, step: 1,
        .values([.scalar(tag: "loss/total", 3.25), .scalar(tag: "learning_rate", 0)])),
      Event(
        wallTime: 1e9 / 3, step: 40_000,
        .values([
          .scalar(tag: "evaluation/miou", 0.1), .scalar(tag: String(repeating: "x", count: 200), -2.5),
        ])),
    ]
    #expect(EventFile.bytes(events) == (try Data(contentsOf: file)))
  }

  @Test func framesOfRecords() {
    // 8 bytes of length, 4 of its checksum, the record, 4 of its checksum.
    let record = EventFile.record([1, 2, 3])
    #expect(record.count == 19)
    #expect(record.prefix(8) == [3, 0, 0, 0, 0, 0, 0, 0] && record[12..<15] == [1, 2, 3])
    let sum = CRC32C.masked([1, 2, 3])
    #expect(Array(record.suffix(4)) == (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) })
  }
}
