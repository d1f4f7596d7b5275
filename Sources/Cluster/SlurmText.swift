/// Text as shells and Slurm read it.
public enum SlurmText {
  /// One word of a POSIX shell, whatever it holds.
  public static func quoted(_ text: String) -> String {
    let plain = !text.isEmpty && text.utf8.allSatisfy(isPlain)
    return plain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      || "-_./=,:@%+".utf8.contains(byte)
  }

  /// A path in the pattern of a file's name (`--output`), in which `%` begins a replacement.
  /// - Throws: `ClusterError.badPath` for a backslash, with which Slurm replaces nothing, or an end of line.
  public static func pattern(_ path: String) throws -> String {
    for (character, name) in [("\\", "a backslash"), ("\n", "an end of line")] where path.contains(character)
    {
      throw ClusterError.badPath(
        path: path, reason: "Slurm writes no log into a folder with \(name) in its path")
    }
    return path.replacing("%", with: "%%")
  }

  /// Indices of an array: `1-4,7`. Ascending.
  public static func list(_ indices: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for index in indices {
      if let last = ranges.last, last.upperBound + 1 == index {
        ranges[ranges.count - 1] = last.lowerBound...index
      } else {
        ranges.append(index...index)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}
