import Foundation

/// A control group of its own with little memory, where the tests may make one.
struct MemoryGroup {
  private let folder: URL
  var processes: URL { folder.appendingPathComponent("cgroup.procs") }

  /// The first version's folder of that controller, or the second's only one.
  private static let parents = [
    (folder: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes"),
    (folder: "/sys/fs/cgroup", limit: "memory.max"),
  ]

  static var isAllowed: Bool {
    guard let group = try? MemoryGroup(megabytes: 64) else { return false }
    group.remove()
    return true
  }

  init(megabytes: Int) throws {
    var last: any Error = CocoaError(.fileNoSuchFile)
    for parent in MemoryGroup.parents {
      let folder = URL(fileURLWithPath: parent.folder).appendingPathComponent("jml-\(UUID().uuidString)")
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let file = try FileHandle(forWritingTo: folder.appendingPathComponent(parent.limit))
        try file.write(contentsOf: Data("\(megabytes << 20)".utf8))
        self.folder = folder
        return
      } catch {
        rmdir(folder.path)
        last = error
      }
    }
    throw last
  }

  func remove() { rmdir(folder.path) }
}
