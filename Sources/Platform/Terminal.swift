import Foundation

/// The terminal behind a file descriptor.
public enum Terminal {
  /// Where nobody says how wide it is.
  public static let usualColumns = 80

  /// How wide it is now: what the terminal says, else the variable `COLUMNS`, else 80. A terminal may say any number
  /// from 1 on; 0 means that it does not know.
  public static func columns(of descriptor: Int32) -> Int {
    var size = winsize()
    if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    guard let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0
    else {
      return usualColumns
    }
    return columns
  }
}
