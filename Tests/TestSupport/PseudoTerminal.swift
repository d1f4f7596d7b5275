import Foundation

/// A terminal of our own, whose other end a program has for its output.
public final class PseudoTerminal {
  private let master: Int32
  /// The program's end; open as long as this object is.
  public let program: FileHandle
  private var text = Data()

  public struct Failure: Error {
    public let code: Int32
  }

  /// - Throws: `Failure` where the system gives none.
  public init(columns: Int, rows: Int) throws {
    var (master, end): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&master, &end, nil, nil, &size) == 0 else { throw Failure(code: errno) }
    self.master = master
    program = FileHandle(fileDescriptor: end, closeOnDealloc: true)
    _ = fcntl(master, F_SETFL, O_NONBLOCK)
    _ = fcntl(master, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(master) }

  /// - Throws: `Failure`.
  public func resize(columns: Int, rows: Int) throws {
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(master, UInt(TIOCSWINSZ), &size) == 0 else { throw Failure(code: errno) }
  }

  /// What has been written so far. A program that is not listened to waits in the end.
  public func read() -> String {
    var bytes = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Foundation.read(master, &bytes, bytes.count)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text.append(contentsOf: bytes[..<count])
    }
  }
}
