import Foundation

/// What a container, a queue or a service manager lets this process have: the limits of its control group and of all that
/// lie above it, of either version of the kernel's interface. A limit is nil where there is none, or nobody says.
public struct ControlGroup: Sendable {
  /// Folders of each controller, this process's first; "" has those of version 2, which are for all.
  private var folders: [String: [URL]] = [:]

  /// - Parameters:
  ///   - membership: the text of `/proc/self/cgroup`: a line `number:controllers:path` for each hierarchy.
  ///   - root: where the hierarchies are mounted.
  public init(membership: String, root: URL) {
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isNew = fields[1].isEmpty
      for controller in isNew ? [""] : fields[1].split(separator: ",").map(String.init) {
        // Version 1 has a folder for each controller, and beside version 2 there is one of its own.
        let mounts =
          isNew ? [root, root.appendingPathComponent("unified")] : [root.appendingPathComponent(controller)]
        folders[controller, default: []] += mounts.flatMap { ControlGroup.folders($0, String(fields[2])) }
      }
    }
  }

  public static let current = ControlGroup(
    membership: (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "",
    root: URL(fileURLWithPath: "/sys/fs/cgroup"))

  /// The group's folder and all above it. Inside a container the path is the host's, and only the mount itself is there.
  private static func folders(_ mount: URL, _ path: String) -> [URL] {
    var parts = path.split(separator: "/").map(String.init)
    var folders: [URL] = []
    while !parts.isEmpty {
      folders.append(mount.appendingPathComponent(parts.joined(separator: "/")))
      parts.removeLast()
    }
    return folders + [mount]
  }

  /// Bytes.
  public var memoryLimit: UInt64? {
    let found =
      texts("", "memory.max").compactMap { UInt64($0) }
      + texts("memory", "memory.limit_in_bytes").compactMap { UInt64($0) }
    // Version 1 says a number near the largest where there is no limit.
    return found.filter { $0 < 1 << 60 }.min()
  }

  /// Processors' worth of time.
  public var processorQuota: Double? {
    let new = texts("", "cpu.max").compactMap { text -> Double? in
      let fields = text.split(separator: " ").compactMap { Double($0) }
      return fields.count == 2 && fields[1] > 0 ? fields[0] / fields[1] : nil
    }
    let periods = texts("cpu", "cpu.cfs_period_us").map { Double($0) }
    let old = zip(texts("cpu", "cpu.cfs_quota_us"), periods).compactMap { quota, period -> Double? in
      guard let quota = Double(quota), let period, quota > 0, period > 0 else { return nil }
      return quota / period
    }
    return (new + old).min()
  }

  /// Processes and threads together.
  public var processLimit: Int? {
    (texts("", "pids.max") + texts("pids", "pids.max")).compactMap { Int($0) }.min()
  }

  /// Processes of the group that the kernel has ended so far because the group had no memory left.
  public var memoryKills: Int? {
    let own = (texts("", "memory.events").first ?? texts("memory", "memory.oom_control").first) ?? ""
    return own.split(separator: "\n").compactMap { line -> Int? in
      let fields = line.split(separator: " ")
      return fields.count == 2 && fields[0] == "oom_kill" ? Int(fields[1]) : nil
    }.first
  }

  /// A file's text in each of a controller's folders that has it.
  private func texts(_ controller: String, _ name: String) -> [String] {
    (folders[controller] ?? []).compactMap {
      (try? String(contentsOf: $0.appendingPathComponent(name), encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
