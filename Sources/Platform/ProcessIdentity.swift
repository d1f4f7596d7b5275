import Foundation

/// A process on one machine, known beyond its number, which another process gets after its end.
public struct ProcessIdentity: Codable, Equatable, Sendable {
  public var host: String
  public var pid: Int32
  /// Clock ticks from the machine's start to the process's; 0 where the system does not say.
  public var birth: UInt64
  /// Another one after each start of the machine.
  public var boot: String
  /// In which numbers of processes mean what they do here: containers of one machine have their own.
  public var space: String

  public init(host: String, pid: Int32, birth: UInt64, boot: String, space: String) {
    self.host = host
    self.pid = pid
    self.birth = birth
    self.boot = boot
    self.space = space
  }

  /// This process.
  public static var current: ProcessIdentity {
    let pid = getpid()
    return ProcessIdentity(
      host: hostName, pid: pid, birth: status(of: pid)?.birth ?? 0,
      boot: line("/proc/sys/kernel/random/boot_id"), space: target("/proc/self/ns/pid"))
  }

  /// This machine, as names, locks and claims call it.
  public static let hostName: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()

  /// Whether its end can be seen from here.
  public var isOfThisMachine: Bool {
    let here = ProcessIdentity.current
    return !boot.isEmpty && boot == here.boot && !space.isEmpty && space == here.space
  }

  /// Whether it has ended for certain; false for a process of another machine.
  public var hasEnded: Bool {
    guard isOfThisMachine else { return false }
    if ProcessIdentity.hasEnded(pid) { return true }
    return birth != 0 && ProcessIdentity.status(of: pid).map { $0.birth != birth } ?? false
  }

  /// Whether no process of this number does anything here. One that is another user's may not be signalled, and is alive.
  static func hasEnded(_ pid: Int32) -> Bool {
    guard let status = status(of: pid) else { return kill(pid, 0) != 0 && errno == ESRCH }
    // A zombie waits for its parent and does nothing; in a container nobody may ever look at it.
    return status.isZombie
  }

  /// From `/proc/<pid>/stat`; the name in parentheses may hold anything, so that fields are counted from its end.
  private static func status(of pid: Int32) -> (birth: UInt64, isZombie: Bool)? {
    let text = line("/proc/\(pid)/stat")
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // The state is field 3 of proc(5), the start time field 22.
    guard fields.count > 19, let birth = UInt64(fields[19]) else { return nil }
    return (birth, fields[0] == "Z" || fields[0] == "X")
  }

  private static func line(_ path: String) -> String {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(
      in: .whitespacesAndNewlines)
  }

  private static func target(_ path: String) -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? ""
  }
}
