import Foundation
import Platform

/// A claim file as it was at one moment, and what can be done about a dead one.
struct FoundClaim {
  let url: URL
  /// nil for one that is not written yet, or never was to its end.
  let signature: ClaimFile.Signature?
  /// When its process was last known to live: nanoseconds by the file system's clock.
  let changed: Int64

  /// nil if there is none. Throws `ResultsError`.
  init?(_ url: URL) throws {
    guard let found = try FoundClaim.reading(url) else { return nil }
    self = found
  }

  /// nil if there is none. Throws `ResultsError`.
  static func reading(_ url: URL) throws -> FoundClaim? {
    guard let data = try FileSystem.read(url) else { return nil }
    guard let changed = try timeOfChange(url) else { return nil }
    return FoundClaim(
      url: url, signature: try? JSONDecoder().decode(ClaimFile.Signature.self, from: data), changed: changed)
  }

  private init(url: URL, signature: ClaimFile.Signature?, changed: Int64) {
    self.url = url
    self.signature = signature
    self.changed = changed
  }

  var holder: LockHolder { signature?.holder ?? .unknown }

  /// What tells it from every other claim on the run.
  private var name: String { signature?.token ?? String(changed) }

  // MARK: Judging

  /// Whether it looks dead at a glance.
  func seemsDead(_ locking: Locking, now: Date) -> Bool {
    seemsDead(locking, now: Int64(now.timeIntervalSince1970 * 1e9))
  }

  private func seemsDead(_ locking: Locking, now: Int64) -> Bool {
    if let process = signature?.process, process.isOfThisMachine { return process.hasEnded }
    return Double(now - changed) * 1e-9 > locking.patience
  }

  /// Whether its process has certainly ended. A claim of another machine is watched for two heartbeats and a half first:
  /// the file system's clock may have been set. Throws `ResultsError`.
  func isDead(_ locking: Locking) throws -> Bool {
    guard seemsDead(locking, now: try clock()) else { return false }
    if signature?.process.isOfThisMachine == true { return true }
    usleep(UInt32(2.5 * locking.heartbeat * 1e6))
    guard let later = try FoundClaim(url) else { return false }
    return later.name == name && later.changed == changed
  }

  /// The file system's time: that of a file which is made now.
  private func clock() throws -> Int64 {
    let probe = url.appendingPathExtension("clock.\(UUID().uuidString)")
    let descriptor = open(probe.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(probe, "creating") }
    close(descriptor)
    defer { unlink(probe.path) }
    guard let time = try FoundClaim.timeOfChange(probe) else {
      throw FileSystem.error(probe, "looking at it")
    }
    return time
  }

  /// Nanoseconds; nil if there is no such file.
  private static func timeOfChange(_ url: URL) throws -> Int64? {
    var status = stat()
    guard lstat(url.path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw FileSystem.error(url, "looking at it")
    }
    return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }

  // MARK: Taking over

  /// Moves a dead claim out of the way, unless somebody else does. Throws `ResultsError`.
  func bury(_ locking: Locking) throws {
    // One process alone may touch this claim, by a file of the claim's name.
    let right = url.appendingPathExtension("\(name).takeover")
    let descriptor = open(right.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      guard errno == EEXIST else { throw FileSystem.error(right, "creating") }
      // It takes milliseconds; one that stays was left by a process that ended meanwhile.
      if let made = try FoundClaim.timeOfChange(right), Double(try clock() - made) * 1e-9 > locking.patience {
        try FileSystem.remove(right)
      }
      usleep(20_000)
      return
    }
    close(descriptor)
    defer { unlink(right.path) }
    guard let now = try FoundClaim(url), now.name == name, now.changed == changed else { return }
    let grave = url.appendingPathExtension("\(UUID().uuidString).dead")
    guard rename(url.path, grave.path) == 0 else {
      if errno == ENOENT { return }
      throw FileSystem.error(url, "moving it aside")
    }
    if let moved = try FoundClaim(grave), moved.name != name, !FileSystem.exists(url) {
      // The dead one's place had come to somebody else within these few microseconds: it is his.
      _ = rename(grave.path, url.path)
      return
    }
    try FileSystem.remove(grave)
  }
}
