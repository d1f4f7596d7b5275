import Foundation
import Platform

/// Who works on a run.
public struct LockHolder: Codable, Equatable, Sendable, CustomStringConvertible {
  public let host: String
  public let pid: Int32
  /// When it took the run, ISO 8601, UTC.
  public let started: String
  /// Its job, where it is part of one.
  public let job: String?

  init(host: String, pid: Int32, started: String, job: String? = nil) {
    self.host = host
    self.pid = pid
    self.started = started
    self.job = job
  }

  public var description: String {
    "process \(pid) on \(host) since \(started)" + (job.map { ", job \($0)" } ?? "")
  }
}

/// The right to a run: the kernel's lock on a file, which goes with its process however that ends, and a claim file where
/// that lock is missing or may not be seen by other machines. The locked file itself stays: removing it would let two
/// processes hold locks on two files of one name.
public final class RunLock {
  /// Of the locked file.
  private let descriptor: Int32?
  private var claim: ClaimFile?

  private init(descriptor: Int32?, claim: ClaimFile? = nil) {
    self.descriptor = descriptor
    self.claim = claim
  }

  deinit {
    claim?.release()
    if let descriptor {
      ftruncate(descriptor, 0)
      close(descriptor)
    }
  }

  public enum Attempt {
    case taken(RunLock)
    case held(LockHolder)
  }

  /// Does not wait for a holder. Throws `ResultsError`.
  public static func attempt(_ url: URL, _ locking: Locking = .system) throws -> Attempt {
    let file = claimFile(url)
    switch try locking.lock(url) {
    case .held: return .held(try signature(of: url))
    case .missing:
      switch try ClaimFile.attempt(file, locking) {
      case .held(let holder): return .held(holder)
      case .taken(let claim): return .taken(RunLock(descriptor: nil, claim: claim))
      }
    case .taken(let descriptor):
      // From here the lock goes with the value that holds it.
      let lock = RunLock(descriptor: descriptor)
      try sign(descriptor, url)
      // A claim may be there of a process that could not lock.
      let isEnough = !locking.isShared(url.deletingLastPathComponent().path) && !FileSystem.exists(file)
      if isEnough { return .taken(lock) }
      switch try ClaimFile.attempt(file, locking) {
      case .held(let holder): return .held(holder)
      case .taken(let claim):
        lock.claim = claim
        return .taken(lock)
      }
    }
  }

  /// The live process that holds the lock; nil if none does. Throws `ResultsError`.
  static func holder(of url: URL, _ locking: Locking) throws -> LockHolder? {
    let descriptor = open(url.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 || errno == ENOENT else { throw FileSystem.error(url, "opening") }
    if descriptor >= 0 {
      defer { close(descriptor) }
      switch locking.flock(descriptor, LOCK_SH | LOCK_NB) {
      case EWOULDBLOCK: return try signature(of: url)
      case 0: break
      case let code where Locking.isMissing(code): break
      case let code: throw ResultsError.fileSystem(path: url.path, operation: "locking", code: code)
      }
    }
    return try ClaimFile.holder(of: claimFile(url), locking)
  }

  /// To be asked before anything is written. Throws `ResultsError.lostClaim`.
  func confirm() throws { try claim?.confirm() }

  /// `<run id>.claim` beside `<run id>.lock`.
  private static func claimFile(_ url: URL) -> URL {
    url.deletingPathExtension().appendingPathExtension("claim")
  }

  private static func sign(_ descriptor: Int32, _ url: URL) throws {
    let holder = LockHolder(
      host: ProcessIdentity.hostName, pid: getpid(), started: Date().formatted(.iso8601),
      job: BatchJob.current)
    guard ftruncate(descriptor, 0) == 0 else { throw FileSystem.error(url, "emptying") }
    try FileSystem.write(try StoredJSON.encode(holder, name: url.path), to: descriptor, of: url)
  }

  private static func signature(of url: URL) throws -> LockHolder {
    // Between locking and signing the file is empty for an instant.
    let data = try FileSystem.read(url) ?? Data()
    return (try? JSONDecoder().decode(LockHolder.self, from: data)) ?? .unknown
  }
}
