import CPlatform
import Foundation

/// The processors that this process may use.
public enum Processors {
  /// As many as it may run on (an affinity mask, a cpuset) and as it has time on (a control group's quota, rounded up);
  /// at least 1.
  public static var usable: Int {
    usable(
      allowed: Int(jml_processors_allowed()), online: ProcessInfo.processInfo.activeProcessorCount,
      quota: ControlGroup.current.processorQuota)
  }

  /// - Parameter allowed: 0 where the system does not say.
  public static func usable(allowed: Int, online: Int, quota: Double?) -> Int {
    let processors = allowed > 0 ? allowed : online
    let time = quota.map { Int(min($0, 1e6).rounded(.up)) } ?? processors
    return max(1, min(processors, time))
  }
}
