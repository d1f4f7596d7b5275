import Foundation
import JSON
import Tensors

extension SafetensorsFile {
  /// The bytes of a file of Float32 tensors, sorted by name. Equal tensors give equal bytes.
  ///
  /// - Parameter tensors: plain; names are unique.
  public static func image(_ tensors: [WeightFile.NamedValues]) -> Data {
    let sorted = tensors.sorted { $0.name < $1.name }
    var header = "{\"__metadata__\":{\"format\":\"pt\"}"
    var offset = 0
    for (name, tensor) in sorted {
      precondition(tensor.layout == .plain, "safetensors: \(name) is not plain")
      let end = offset + 4 * tensor.shape.count
      let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
      header +=
        ",\(JSONValue.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    header += "}"
    // The data begins at a multiple of 8, as readers that map the file like it.
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    var data = Data(capacity: 8 + header.utf8.count + offset)
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    for (_, tensor) in sorted {
      withExtendedLifetime(tensor) {
        data.append(
          UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count))
      }
    }
    return data
  }
}
