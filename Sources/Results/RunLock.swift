import Foundation
import JSON

/// Who works on a run.
public struct LockHolder: Codable, Equatable, Sendable, CustomStringConvertible {
  public let host: String
  public let pid: Int32
  /// When it took the run, ISO 8601, UTC.
  public let started: String

  public var description: String { "process \(pid) on \(host) since \(started)" }
}

/// An exclusive lock on a file, which the kernel drops when its process dies however it dies. The file
/// itself stays: removing it would let two processes hold locks on two files of one name.
final class RunLock {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    ftruncate(descriptor, 0)
    close(descriptor)
  }

  enum Attempt {
    case taken(RunLock)
    case held(LockHolder)
  }

  /// Does not wait for a holder. Throws `ResultsError.fileSystem`.
  static func attempt(_ url: URL) throws -> Attempt {
    let descriptor = open(url.path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(url, "opening") }
    // `holder(of:)` takes a shared lock for an instant; a few tries tell it from a real holder.
    for attempt in 0..<10 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        let lock = RunLock(descriptor: descriptor)
        try lock.sign(url)
        return .taken(lock)
      }
      guard errno == EWOULDBLOCK || errno == EINTR else {
        defer { close(descriptor) }
        throw FileSystem.error(url, "locking")
      }
      if attempt < 9 { usleep(2_000) }
    }
    close(descriptor)
    return .held(try signature(of: url))
  }

  /// The live process that holds the lock; nil if none does.
  static func holder(of url: URL) throws -> LockHolder? {
    let descriptor = open(url.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT { return nil }
    guard descriptor >= 0 else { throw FileSystem.error(url, "opening") }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
    guard errno == EWOULDBLOCK else { throw FileSystem.error(url, "locking") }
    return try signature(of: url)
  }

  private func sign(_ url: URL) throws {
    let holder = LockHolder(
      host: FileSystem.host, pid: getpid(), started: Date().formatted(.iso8601))
    guard ftruncate(descriptor, 0) == 0 else { throw FileSystem.error(url, "emptying") }
    try FileSystem.write(try StoredJSON.encode(holder, name: url.path), to: descriptor, of: url)
  }

  private static func signature(of url: URL) throws -> LockHolder {
    // Between locking and signing the file is empty for an instant.
    let data = try FileSystem.read(url) ?? Data()
    return (try? JSONDecoder().decode(LockHolder.self, from: data))
      ?? LockHolder(host: "unknown", pid: 0, started: "just now")
  }
}
