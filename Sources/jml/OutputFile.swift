import Foundation
import Results

/// Text files that a command leaves behind, each named on stderr.
enum OutputFile {
  static func write(_ text: String, to file: URL) throws {
    try AtomicFile.write(Data(text.utf8), to: file)
    Console.say("wrote \(file.path)")
  }
}
