import Foundation
import HDF5
import Models
import Tensors

/// Named tensors on disk: safetensors, or HDF5 with the flat groups `/weights` and `/buffers` (a finished run's
/// `tensors.h5` is one).
public struct WeightFile {
  /// A tensor with its dotted name.
  public typealias NamedValues = (name: String, tensor: Tensor)

  /// A tensor that has not been read yet.
  public struct Entry {
    public let name: String
    public let shape: Shape
    fileprivate let place: Place
  }

  fileprivate enum Place {
    case safetensors(SafetensorsFile.Entry)
    /// Path of the dataset.
    case hdf5(String)
  }

  private enum Source {
    case safetensors(SafetensorsFile)
    case hdf5(HDF5File)
  }

  public let path: String
  /// Sorted by name.
  public let entries: [Entry]
  private let source: Source

  public static let endings = [".safetensors", ".h5"]

  /// - Throws: `WeightsError`.
  public init(reading url: URL) throws(WeightsError) {
    path = url.path
    if url.path.hasSuffix(".safetensors") {
      let file = try SafetensorsFile(reading: url)
      source = .safetensors(file)
      entries = file.entries.map { Entry(name: $0.name, shape: $0.shape, place: .safetensors($0)) }
    } else if url.path.hasSuffix(".h5") {
      do {
        let file = try HDF5File(reading: url.path)
        var entries: [Entry] = []
        for group in ["weights", "buffers"] where file.exists(group) {
          for name in try file.children(of: group) {
            let dataset = "\(group)/\(name)"
            entries.append(
              Entry(name: name, shape: Shape(try file.shape(dataset)), place: .hdf5(dataset)))
          }
        }
        source = .hdf5(file)
        self.entries = entries.sorted { $0.name < $1.name }
      } catch {
        throw .unreadable(path: url.path, reason: "\(error)")
      }
      guard !entries.isEmpty else {
        throw .malformed(path: url.path, reason: "neither /weights nor /buffers holds a tensor")
      }
    } else {
      throw .unknownEnding(path: url.path, allowed: WeightFile.endings)
    }
  }

  private init(path: String, entries: [Entry], source: Source) {
    self.path = path
    self.entries = entries
    self.source = source
  }

  /// Names without `prefix`, where they have it; two of them may be equal.
  func renamed(without prefix: String) -> WeightFile {
    let renamed = entries.map { entry in
      Entry(
        name: entry.name.hasPrefix(prefix) ? String(entry.name.dropFirst(prefix.count)) : entry.name,
        shape: entry.shape, place: entry.place)
    }
    return WeightFile(path: path, entries: renamed.sorted { $0.name < $1.name }, source: source)
  }

  /// Row-major values in Float32.
  ///
  /// - Throws: `WeightsError`, also for values that are not finite.
  public func tensor(_ entry: Entry) throws(WeightsError) -> Tensor {
    switch (source, entry.place) {
    case (.safetensors(let file), .safetensors(let inner)): return try file.tensor(inner)
    case (.hdf5(let file), .hdf5(let dataset)):
      let values: [Float]
      do {
        values = try file.floats(dataset)
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(path: path, tensor: entry.name, index: index, value: "\(values[index])")
      }
      return Tensor(values, shape: entry.shape)
    case (.safetensors, .hdf5), (.hdf5, .safetensors):
      preconditionFailure("WeightFile: entry \(entry.name) belongs to another file")
    }
  }

  /// The bytes of a file that holds the whole model, in the format that `url` ends in.
  ///
  /// - Throws: `WeightsError.unknownEnding`, `HDF5Error`.
  public static func image(_ model: SegmentationModel, for url: URL, name: String) throws -> Data {
    let (weights, buffers) = (model.weights.tensors, model.runningStatistics.tensors)
    if url.path.hasSuffix(".safetensors") {
      return SafetensorsFile.image((weights + buffers).map { ($0.path, $0.tensor) })
    }
    guard url.path.hasSuffix(".h5") else {
      throw WeightsError.unknownEnding(path: url.path, allowed: endings)
    }
    let writer = try HDF5Writer(name: url.lastPathComponent)
    try writer.write(attribute: name, named: "model")
    try writer.write(attribute: model.classes, named: "classes")
    for (group, tensors) in [("weights", weights), ("buffers", buffers)] {
      try writer.makeGroup(group)
      for entry in tensors {
        let (path, tensor) = (entry.path, entry.tensor)
        let values = UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count)
        try withExtendedLifetime(tensor) {
          try writer.write(floats: values, shape: tensor.shape.dimensions, at: "\(group)/\(path)")
        }
      }
    }
    return try writer.image()
  }
}
