import Foundation

/// How much memory this process may have, as far as the system says.
public struct MemoryLimits: Equatable, Sendable, CustomStringConvertible {
  /// Address space, bytes: `ulimit -v`; nil without a limit.
  public var addressSpace: UInt64?
  /// Of the control group that this process is in, as of a container or a job of a cluster, bytes.
  public var group: UInt64?
  /// Of the machine, bytes.
  public var machine: UInt64

  public init(addressSpace: UInt64?, group: UInt64?, machine: UInt64) {
    self.addressSpace = addressSpace
    self.group = group
    self.machine = machine
  }

  public static var current: MemoryLimits {
    var limit = rlimit()
    let known = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
    // No limit is the largest number.
    let space = known && limit.rlim_cur < UInt64(Int64.max) ? UInt64(limit.rlim_cur) : nil
    return MemoryLimits(
      addressSpace: space, group: ControlGroup.current.memoryLimit,
      machine: ProcessInfo.processInfo.physicalMemory)
  }

  /// What the pages that are in use may come to, bytes.
  public var resident: UInt64 { min(group ?? .max, machine) }

  public var description: String {
    var parts: [String] = []
    if let addressSpace { parts.append("\(addressSpace >> 20) MiB of address space (ulimit -v)") }
    if let group, group < machine { parts.append("\(group >> 20) MiB for the control group") }
    parts.append("\(machine >> 20) MiB in the machine")
    return parts.joined(separator: ", ")
  }
}
