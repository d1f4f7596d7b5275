import Foundation
import Platform

/// The right to a run where the kernel has no lock for it: a file that only one process can make (`O_EXCL`), that says
/// who it is, and whose time of change its thread renews while the process lives.
///
///     <root>/locks/<run id>.claim
///
/// A claim is taken over when its process has certainly ended, which is seen on its own machine (by number, start time
/// and boot), or when it has not been renewed for `Locking.patience`, while somebody watched. Ages are differences of two
/// times of the file system itself, so that machines' clocks do not matter. Who takes over must first make a file named
/// after the dead claim, moves the claim aside, and looks again at what it moved. A process that was only asleep finds its
/// claim gone (`confirm()`), and writes no more.
final class ClaimFile: @unchecked Sendable {
  /// What the file says.
  struct Signature: Codable {
    let process: ProcessIdentity
    /// ISO 8601, UTC.
    let started: String
    /// Of this claim alone.
    let token: String
    /// The job that the process is part of; nil for none.
    let job: String?

    var holder: LockHolder {
      LockHolder(host: process.host, pid: process.pid, started: started, job: job)
    }
  }

  enum Attempt {
    case taken(ClaimFile)
    case held(LockHolder)
  }

  private let url: URL
  private let token: String
  private let locking: Locking
  /// Guards what follows, and is signalled at the end.
  private let condition = NSCondition()
  private var isReleased = false
  private var lost: String?
  private var renewed = ContinuousClock.now

  private init(_ url: URL, token: String, _ locking: Locking) {
    self.url = url
    self.token = token
    self.locking = locking
  }

  // MARK: Taking

  /// Does not wait for a holder, but for the time that a claim of another machine, which seems dead, is watched.
  /// Throws `ResultsError`.
  static func attempt(_ url: URL, _ locking: Locking) throws -> Attempt {
    // A claim may go, or come to somebody else, between two looks.
    for _ in 0..<5 {
      if let claim = try make(url, locking) { return .taken(claim) }
      guard let found = try FoundClaim(url) else { continue }
      guard try found.isDead(locking) else { return .held(found.holder) }
      try found.bury(locking)
    }
    return .held(try FoundClaim(url)?.holder ?? .unknown)
  }

  /// The process that holds the claim and seems alive, without watching it; nil if none does. Throws `ResultsError`.
  static func holder(of url: URL, _ locking: Locking) throws -> LockHolder? {
    guard let found = try FoundClaim(url), !found.seemsDead(locking, now: Date()) else { return nil }
    return found.holder
  }

  /// nil if there is a claim.
  private static func make(_ url: URL, _ locking: Locking) throws -> ClaimFile? {
    let token = UUID().uuidString
    let signature = Signature(
      process: .current, started: Date().formatted(.iso8601), token: token, job: BatchJob.current)
    let content = try StoredJSON.encode(signature, name: url.path)
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0, errno == EEXIST { return nil }
    guard descriptor >= 0 else { throw FileSystem.error(url, "claiming") }
    do {
      defer { close(descriptor) }
      try FileSystem.write(content, to: descriptor, of: url)
      guard fsync(descriptor) == 0 else { throw FileSystem.error(url, "syncing") }
    } catch {
      unlink(url.path)
      throw error
    }
    let claim = ClaimFile(url, token: token, locking)
    guard BackgroundThread.start({ claim.beat() }) else {
      claim.release()
      throw ResultsError.fileSystem(
        path: url.path, operation: "starting the thread that renews it", code: EAGAIN)
    }
    return claim
  }

  // MARK: Holding

  /// The thread's work: a sign of life every few seconds until the end.
  private func beat() {
    while true {
      let next = Date(timeIntervalSinceNow: locking.heartbeat)
      condition.lock()
      while !isReleased, condition.wait(until: next) {}
      let isOver = isReleased || lost != nil
      condition.unlock()
      if isOver { return }
      renew()
    }
  }

  /// Says that this process lives, if the claim is still its own.
  private func renew() {
    // Somebody who took it for another one has moved it, and puts it back at once.
    for attempt in 0..<3 {
      if attempt > 0 { usleep(100_000) }
      let isOver = condition.withLock { () -> Bool in
        guard !isReleased, lost == nil else { return true }
        // A disk that does not answer is no sign of another owner: `confirm()` looks at the time.
        guard case .success(let found) = Result(catching: { try FoundClaim.reading(url) }) else {
          return true
        }
        guard found?.signature?.token == token else {
          if attempt == 2 { lost = found.map { "\($0.holder) has taken it over" } ?? "it was removed" }
          return false
        }
        if utimensat(AT_FDCWD, url.path, nil, 0) == 0 { renewed = .now }
        return true
      }
      if isOver { return }
    }
  }

  /// To be asked before anything is written.
  /// - Throws: `ResultsError.lostClaim` if this process has been taken for dead, or may be by now.
  func confirm() throws {
    // Stopped and continued, or starved: look before the next sign of life.
    if age > locking.patience / 2 { renew() }
    let reason = condition.withLock { lost }
    guard reason == nil, age < locking.patience else {
      throw ResultsError.lostClaim(
        path: url.path, reason: reason ?? "it could not be renewed for \(Int(age)) s")
    }
  }

  /// Seconds since the last sign of life.
  private var age: Double {
    let age = condition.withLock { renewed }.duration(to: .now).components
    return Double(age.seconds) + Double(age.attoseconds) * 1e-18
  }

  /// Gives the run back. The claim of somebody else stays.
  func release() {
    condition.withLock {
      isReleased = true
      if let found = try? FoundClaim(url), found.signature?.token == token { unlink(url.path) }
      condition.broadcast()
    }
  }
}

extension LockHolder {
  /// Between making and signing a file is empty for an instant.
  static let unknown = LockHolder(host: "unknown", pid: 0, started: "just now")
}
