import Foundation
import HDF5
import Platform
import Tensors

/// What a teacher has given for one stream of crops, one file an iteration:
///
///     <root>/teacher/<key>/<iteration>.h5           main and, if the teacher has that head, auxiliary logits [B, C, h, w];
///                                                   maps/<name>: feature maps that somebody has asked for
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

  private let key: String
  private let folder: URL

  init(root: URL, key: Key) {
    self.key = key.text
    folder = root.appendingPathComponent("teacher").appendingPathComponent(key.text)
  }

  /// One iteration's, all plain.
  public struct Entry {
    public let main: Tensor
    public let auxiliary: Tensor?
    /// Feature maps by name, [B, C, h, w].
    public let maps: [(name: String, tensor: Tensor)]

    /// - Parameter maps: of distinct names.
    public init(main: Tensor, auxiliary: Tensor?, maps: [(name: String, tensor: Tensor)] = []) {
      self.main = main
      self.auxiliary = auxiliary
      self.maps = maps.sorted { $0.name < $1.name }
    }

    fileprivate var all: [(name: String, tensor: Tensor)] {
      [("main", main)] + (auxiliary.map { [("auxiliary", $0)] } ?? [])
        + maps.map { ("\(Entry.folder)/\($0.name)", $0.tensor) }
    }

    fileprivate static let folder = "maps"

    /// Over what they are and whose: another teacher's, or another iteration's, are not these.
    fileprivate func checksum(_ key: String, _ iteration: Int) -> String {
      var sum = Checksum()
      sum.add(key)
      sum.add(UInt64(iteration))
      for (path, tensor) in all {
        sum.add(NamedTensor(name: path.replacing("/", with: "."), tensor: tensor))
      }
      return sum.text
    }
  }

  /// - Parameter maps: names of feature maps that are needed besides the logits.
  /// - Returns: nil if something of it is missing, or cannot be read: it can always be computed again.
  public func read(iteration: Int, maps: [String] = []) -> Entry? {
    guard let file = try? HDF5File(reading: url(iteration).path),
      let checksum = try? file.attribute(string: "checksum"),
      let main = try? file.tensor("main")
    else { return nil }
    let auxiliary = file.exists("auxiliary") ? try? file.tensor("auxiliary") : nil
    let names = file.exists(Entry.folder) ? (try? file.children(of: Entry.folder)) ?? [] : []
    guard Set(maps).isSubset(of: names) else { return nil }
    let stored = Entry(
      main: main, auxiliary: auxiliary,
      maps: names.compactMap { name in
        (try? file.tensor("\(Entry.folder)/\(name)")).map { (name: name, tensor: $0) }
      })
    return stored.checksum(key, iteration) == checksum ? stored : nil
  }

  /// Throws `ResultsError` when the disk does not take them.
  public func write(_ entry: Entry, iteration: Int) throws {
    let url = url(iteration)
    let writer = try HDF5Writer(name: url.path)
    for (name, tensor) in entry.all {
      let values = UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count)
      try withExtendedLifetime(tensor) {
        try writer.write(floats: values, shape: tensor.shape.dimensions, at: name)
      }
    }
    try writer.write(attribute: entry.checksum(key, iteration), named: "checksum")
    try FileSystem.make(folder: folder)
    try AtomicFile.write(try writer.image(), to: url)
  }

  private func url(_ iteration: Int) -> URL {
    let digits = String(iteration)
    return folder.appendingPathComponent(
      String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".h5")
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
    // Set aside, nobody adds to it any more: another runner may be done at the same time, or still train a student.
    let aside = root.appendingPathComponent(AsideName.make("teacher", number: 0))
    guard rename(folder.path, aside.path) == 0 else {
      guard errno == ENOENT else { throw FileSystem.error(folder, "renaming") }
      return
    }
    try FileSystem.removeAll(aside)
  }
}
