import Foundation
import Tensors
import Weights

extension Target {
  /// A safetensors file; and the same with the length of its header mended, so that a mutation of the header is read.
  static let safetensors = Target(
    name: "safetensors", longest: 2048, memory: 8 << 20, seconds: 1, seeds: { _ in Safetensors.seeds() }
  ) { bytes in
    Safetensors.check(bytes)
    if let mended = Safetensors.mended(bytes), mended != bytes { Safetensors.check(mended) }
  }
}

private enum Safetensors {
  static func check(_ bytes: [UInt8]) {
    guard let file = attempt({ () throws(WeightsError) in try SafetensorsFile(Data(bytes), path: "input") })
    else {
      return
    }
    let names = file.entries.map(\.name)
    Broken.unless(Set(names).count == names.count, "a name twice")
    var tensors: [WeightFile.NamedValues] = []
    var values = 0
    for entry in file.entries {
      guard let tensor = attempt({ () throws(WeightsError) in try file.tensor(entry) }) else { continue }
      Broken.unless(tensor.shape == entry.shape, "\(entry.name) has another shape")
      values += tensor.shape.count
      tensors.append((entry.name, tensor))
    }
    // Two bytes a value at least: none is made of nothing.
    Broken.unless(2 * values <= bytes.count, "\(values) values in \(bytes.count) bytes")
    checkRoundTrip(tensors)
  }

  private static func checkRoundTrip(_ tensors: [WeightFile.NamedValues]) {
    let image = SafetensorsFile.image(tensors)
    guard let file = attempt({ () throws(WeightsError) in try SafetensorsFile(image, path: "written") })
    else {
      Broken.stop("what was written is not read")
    }
    Broken.unless(
      file.entries.count == tensors.count, "\(file.entries.count) of \(tensors.count) tensors come back")
    for (name, tensor) in tensors {
      guard let entry = file[name],
        let again = attempt({ () throws(WeightsError) in try file.tensor(entry) })
      else { Broken.stop("'\(name)' does not come back") }
      Broken.unless(
        again.shape == tensor.shape
          && (0..<tensor.shape.count).allSatisfy {
            again.pointer[$0].bitPattern == tensor.pointer[$0].bitPattern
          },
        "'\(name)' comes back with other values")
    }
  }

  private static func attempt<Value>(_ body: () throws(WeightsError) -> Value) -> Value? {
    do {
      return try body()
    } catch {
      Broken.unlessTyped(error, WeightsError.self)
      return nil
    }
  }

  /// With the header taken to end at its last brace.
  static func mended(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count > 8, let brace = bytes[8...].lastIndex(of: UInt8(ascii: "}")) else { return nil }
    return withHeader(Array(bytes[8...brace]), Array(bytes[(brace + 1)...]))
  }

  private static func withHeader(_ header: [UInt8], _ data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
  }

  static func seeds() -> [(name: String, bytes: [UInt8])] {
    func tensor(_ shape: Shape) -> Tensor { Tensor((0..<shape.count).map { Float($0) / 3 }, shape: shape) }
    let written = SafetensorsFile.image([
      ("head.weight", tensor([2, 3])), ("b", tensor([])), ("empty", tensor([0, 4])),
    ])
    let types = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"]
    let sizes = [8, 4, 2, 2, 8, 4, 2, 1, 8, 4, 2, 1, 1]
    let typed = zip(types, sizes).map { type, size in
      let header = "{\"t\":{\"dtype\":\"\(type)\",\"shape\":[1,2],\"data_offsets\":[0,\(2 * size)]}}"
      return (name: type, bytes: withHeader(Array(header.utf8), [UInt8](repeating: 0, count: 2 * size)))
    }
    return [(name: "written", bytes: [UInt8](written))] + typed
  }
}
