import CPlatform

/// While it lives, a crash of this process is one of reading a file by a library that a damaged file can bring down: the process
/// then ends with one line that names the file, and exit code 65.
public final class FileReading: Sendable {
  public init(_ path: String) { jml_reading_begin(path) }

  deinit { jml_reading_end() }
}
