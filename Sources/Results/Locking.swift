import Foundation
import Platform

/// Outside of the type, whose own `flock` it is. 0 or errno.
@Sendable private func kernelLock(_ descriptor: Int32, _ operation: Int32) -> Int32 {
  flock(descriptor, operation) == 0 ? 0 : errno
}

/// How a run is held by one process at a time.
///
/// The kernel's lock (`flock`) is the best there is: it goes with its process however that ends. Some file systems have
/// none, some say yes and do nothing, some hold it on one machine alone while another one sees the same folder. There a
/// claim file takes its place (`ClaimFile`).
public struct Locking: Sendable {
  /// flock(2) by descriptor and operation: 0 or errno.
  public var flock: @Sendable (Int32, Int32) -> Int32
  /// Whether other machines may see the folder, so that the kernel's lock may be this machine's alone.
  public var isShared: @Sendable (_ folder: String) -> Bool
  /// Seconds between two signs of life of a claim file.
  public var heartbeat: Double
  /// Seconds without one after which another machine's process is taken for dead.
  public var patience: Double

  public init(
    flock: @escaping @Sendable (Int32, Int32) -> Int32, isShared: @escaping @Sendable (String) -> Bool,
    heartbeat: Double = 10, patience: Double = 180
  ) {
    self.flock = flock
    self.isShared = isShared
    self.heartbeat = heartbeat
    self.patience = patience
  }

  /// This system's; `JML_LOCKS=files` in the environment takes every folder for a shared one, and so does a job of a cluster,
  /// whose other tasks may be on other machines.
  public static let system = Locking(
    flock: kernelLock,
    isShared: {
      ProcessInfo.processInfo.environment["JML_LOCKS"] == "files" || BatchJob.current != nil
        || SharedFileSystem.holds($0)
    })

  /// What the kernel's lock is worth on a file that this process has just made or found.
  enum Kernel {
    /// Locked by this process, to be closed by whoever gets it.
    case taken(Int32)
    case held
    /// There is no such lock; why, in words.
    case missing(String)
  }

  /// Tries to lock a file. Does not wait for a holder. Throws `ResultsError.fileSystem`.
  func lock(_ url: URL) throws -> Kernel {
    let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let descriptor = open(url.path, flags, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(url, "opening") }
    // Who only looks takes a shared lock for an instant; a few tries tell that from a real holder.
    for attempt in 0..<10 {
      let code = flock(descriptor, LOCK_EX | LOCK_NB)
      if code == 0 {
        // A second description of the file must not get what the first one has.
        let second = open(url.path, flags, 0o666)
        defer { if second >= 0 { close(second) } }
        if second >= 0, flock(second, LOCK_EX | LOCK_NB) == 0 {
          close(descriptor)
          return .missing("flock says yes to everybody")
        }
        return .taken(descriptor)
      }
      if Locking.isMissing(code) {
        close(descriptor)
        return .missing("flock: \(FileFailure.reason(code))")
      }
      guard code == EWOULDBLOCK || code == EINTR else {
        close(descriptor)
        throw ResultsError.fileSystem(path: url.path, operation: "locking", code: code)
      }
      if attempt < 9 { usleep(2_000) }
    }
    close(descriptor)
    return .held
  }

  /// Whether a file system has no such locks, rather than refusing this one.
  static func isMissing(_ code: Int32) -> Bool { [ENOLCK, EOPNOTSUPP, ENOSYS].contains(code) }
}

extension ResultStore {
  /// What to tell the user, once, where runs cannot be held by the kernel's locks alone; nil where they can. Makes the
  /// folder of locks.
  /// - Throws: `ResultsError.fileSystem`.
  public func lockingNotice() throws -> String? {
    let folder = root.appendingPathComponent("locks")
    try FileSystem.make(folder: folder)
    let probe = folder.appendingPathComponent(AsideName.make(".probe", number: 0))
    defer { unlink(probe.path) }
    let reason: String
    switch try locking.lock(probe) {
    case .missing(let words): reason = "this file system has no locks (\(words))"
    case .taken(let descriptor):
      close(descriptor)
      guard locking.isShared(folder.path) else { return nil }
      reason = "other machines may not see the locks of this file system"
    case .held: return nil
    }
    return
      "\(folder.path): \(reason): runs are held by claim files, renewed every \(Int(locking.heartbeat)) s; a run whose "
      + "process died on another machine is free after \(Int(locking.patience)) s"
  }
}
