import Foundation
import Tensors
import TestSupport
import Testing
import Weights

@Suite(.serialized) struct SafetensorsTests {
  /// A file of a header as written and data bytes.
  private func file(_ header: String, data: [UInt8], length: UInt64? = nil) -> Data {
    var bytes = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
    return bytes + Data(header.utf8) + Data(data)
  }

  private func problem(_ data: Data) -> String {
    do {
      let file = try SafetensorsFile(data, path: "w.safetensors")
      for entry in file.entries { _ = try file.tensor(entry) }
      return "accepted"
    } catch {
      return error.description
    }
  }

  @Test func roundTrip() throws {
    let tensors: [WeightFile.NamedValues] = [
      ("b.weight", Tensor([1, -2, 3.5, 0, 1e-30, 6], shape: [3, 2])), ("a", Tensor([7], shape: [])),
      ("quote\"d", Tensor([], shape: [0])),
    ]
    let image = SafetensorsFile.image(tensors)
    #expect(image == SafetensorsFile.image(tensors.reversed()))
    let file = try SafetensorsFile(image, path: "w")
    #expect(file.entries.map(\.name) == ["a", "b.weight", "quote\"d"])
    for (name, tensor) in tensors {
      let entry = try #require(file[name])
      #expect(entry.shape == tensor.shape)
      #expect(try file.tensor(entry).values == tensor.values)
    }
  }

  @Test func halfPrecision() throws {
    // 1, -2, the smallest subnormal, 65504, and 0.333... in half; 1 and -3 in bfloat16.
    let half: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x7BFF, 0x3555]
    let brain: [UInt16] = [0x3F80, 0xC040]
    let bytes = (half + brain).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let header =
      #"{"h":{"dtype":"F16","shape":[5],"data_offsets":[0,10]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[10,14]}}"#
    let read = try SafetensorsFile(file(header, data: bytes), path: "w")
    let values = try read.tensor(try #require(read["h"])).values
    #expect(values == [1, -2, 0x1p-24, 65504, 0.33325195])
    #expect(try read.tensor(try #require(read["b"])).values == [1, -3])
  }

  /// Each gives one clear error and no crash.
  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8, "overlaps"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "ends at byte 8 of 4"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      4, "names tensor 'a' twice"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "leaves bytes 0..<4 unused"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 9, "5 bytes behind the last tensor"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "needs 12"),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, "'F33'"),
    (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8, "allowed: F32, F16, BF16"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "shape"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#, 8, "shape"),
    (#"{"a":{"dtype":"F32","shape":[4000000000,4000000000],"data_offsets":[0,8]}}"#, 8, "too large"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1e30]}}"#, 8, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "data_offsets"), (#"{"a":3}"#, 8, "no JSON object"),
    (#"[1, 2]"#, 8, "not a JSON object"), (#"{"a":"#, 8, "not a JSON object"), ("", 0, "not a JSON object"),
  ]) func hostileHeaders(_ header: String, bytes: Int, says: String) {
    let text = problem(file(header, data: [UInt8](repeating: 0, count: bytes)))
    #expect(text.contains(says) && !text.contains("\n"), "\(text)")
  }

  @Test func hostileLengths() {
    #expect(problem(Data([1, 2, 3])).contains("too few"))
    #expect(problem(file("{}", data: [], length: 3)).contains("a header of 3 bytes in a file of 10"))
    #expect(problem(file("{}", data: [], length: .max)).contains("at most 100000000"))
    #expect(problem(file("{}", data: [], length: 100_000_001)).contains("at most"))
    #expect(problem(file("{}", data: [])) == "accepted")
  }

  @Test(arguments: [(Float.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")])
  func notFinite(_ value: Float, text: String) {
    let image = SafetensorsFile.image([("layer.weight", Tensor([1, value], shape: [2]))])
    #expect(problem(image) == "w.safetensors: tensor 'layer.weight' holds \(text) at index 1")
  }

  /// Cutting a good file anywhere is an error, never a crash.
  @Test func truncation() {
    let image = SafetensorsFile.image([
      ("a", Tensor([1, 2, 3], shape: [3])), ("b", Tensor([4, 5], shape: [1, 2])),
    ])
    for length in 0..<image.count { #expect(problem(image.prefix(length)) != "accepted", "\(length) bytes") }
  }
}
