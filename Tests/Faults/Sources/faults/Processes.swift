import Foundation

/// Processes of this campaign, known by a word in their environment: also those whose parent has died.
struct Processes {
  /// Name of the environment variable.
  static let mark = "FAULTS_CAMPAIGN"
  let word: String

  struct Found {
    let pid: pid_t
    let arguments: [String]
    /// One letter: R, S, T, ...
    let state: Character

    /// The run that it trains.
    func trains(_ run: String) -> Bool {
      arguments.count > 1 && arguments[1] == "train" && arguments.contains { $0.hasSuffix("/\(run).json") }
    }
    var isWorker: Bool { arguments.count > 1 && arguments[1] == "train" }
  }

  /// All that are alive; a dead one whose parent has not looked is none.
  func alive() -> [Found] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { name in
      guard let pid = pid_t(name),
        Processes.words("/proc/\(name)/environ").contains("\(Processes.mark)=\(word)")
      else { return nil }
      let status = Processes.text("/proc/\(name)/stat")
      // The state stands behind the name in brackets.
      guard let state = status.split(separator: ")").last?.split(separator: " ").first?.first, state != "Z"
      else {
        return nil
      }
      return Found(pid: pid, arguments: Processes.words("/proc/\(name)/cmdline"), state: state)
    }
  }

  /// Waits until none is left, at most these seconds.
  /// - Returns: those that are left.
  func wait(_ seconds: Double) -> [Found] {
    let clock = Stopwatch()
    while true {
      let found = alive()
      if found.isEmpty || clock.seconds > seconds { return found }
      usleep(20_000)
    }
  }

  func killAll() {
    for found in alive() { kill(found.pid, SIGKILL) }
    _ = wait(2)
  }

  private static func words(_ path: String) -> [String] {
    text(path).split(separator: "\0").map(String.init)
  }

  private static func text(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

  private static func bytes(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var (all, block) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 14))
    while true {
      let count = read(file, &block, block.count)
      guard count > 0 else { return all }
      all += block[..<count]
    }
  }
}
