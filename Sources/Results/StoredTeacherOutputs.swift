import Foundation
import HDF5
import Tensors

/// Logits that a teacher has given for one stream of crops, one file an iteration:
///
///     <root>/teacher/<key>/<iteration>.h5           main and, if the teacher has that head, auxiliary [B, C, h, w]
///
/// Students that see equal crops share them: whoever comes first computes and stores, in any process. They can be
/// deleted at any time.
public struct StoredTeacherOutputs: Sendable {
  /// Everything that decides the bits of the logits.
  public struct Key: Sendable {
    private var sum = Checksum()

    public init() {}

    public mutating func add(_ text: String) { sum.add(text) }

    public mutating func add(_ tensors: [NamedTensor]) {
      for entry in tensors { sum.add(entry) }
    }

    public var text: String { sum.text }
  }

  private let folder: URL

  init(root: URL, key: Key) {
    folder = root.appendingPathComponent("teacher").appendingPathComponent(key.text)
  }

  /// - Returns: nil if there are none, or none that can be read: they can always be computed again.
  public func read(iteration: Int) -> (main: Tensor, auxiliary: Tensor?)? {
    guard let file = try? HDF5File(reading: url(iteration).path),
      let stored = try? file.attribute(string: "checksum"),
      let main = try? file.tensor("main")
    else { return nil }
    let auxiliary = file.exists("auxiliary") ? try? file.tensor("auxiliary") : nil
    return StoredTeacherOutputs.checksum(main, auxiliary) == stored ? (main, auxiliary) : nil
  }

  /// Throws `ResultsError` when the disk does not take them.
  public func write(iteration: Int, main: Tensor, auxiliary: Tensor?) throws {
    let url = url(iteration)
    let writer = try HDF5Writer(name: url.path)
    for (name, tensor) in [("main", main), ("auxiliary", auxiliary)] {
      guard let tensor else { continue }
      let values = UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count)
      try withExtendedLifetime(tensor) {
        try writer.write(floats: values, shape: tensor.shape.dimensions, at: name)
      }
    }
    try writer.write(attribute: StoredTeacherOutputs.checksum(main, auxiliary), named: "checksum")
    try FileSystem.make(folder: folder)
    try AtomicFile.write(try writer.image(), to: url)
  }

  private func url(_ iteration: Int) -> URL {
    let digits = String(iteration)
    return folder.appendingPathComponent(
      String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".h5")
  }

  private static func checksum(_ main: Tensor, _ auxiliary: Tensor?) -> String {
    var sum = Checksum()
    sum.add(NamedTensor(name: "main", tensor: main))
    if let auxiliary { sum.add(NamedTensor(name: "auxiliary", tensor: auxiliary)) }
    return sum.text
  }
}

extension HDF5File {
  fileprivate func tensor(_ dataset: String) throws -> Tensor {
    Tensor(try floats(dataset), shape: Shape(try shape(dataset)))
  }
}

extension ResultStore {
  public func teacherOutputs(_ key: StoredTeacherOutputs.Key) -> StoredTeacherOutputs {
    StoredTeacherOutputs(root: root, key: key)
  }

  /// Removes what teachers have given, which only saves time while students are trained. Throws `ResultsError`.
  public func removeTeacherOutputs() throws {
    let folder = root.appendingPathComponent("teacher")
    guard FileSystem.exists(folder) else { return }
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      throw ResultsError.fileSystem(path: folder.path, operation: "removing", code: EIO)
    }
  }
}
