import CPlatform

/// What a process says when a library ends it with abort(), which some do that cannot go on, in words about themselves alone.
public enum AbortWords {
  /// From now on such an end is one line and an exit code; `OutOfMemory.watch` has to be on.
  /// - Parameters:
  ///   - reason: follows `jml: error: `; up to 480 bytes.
  ///   - code: not 0.
  public static func set(_ reason: String, code: Int32) {
    precondition(code != 0, "abort words: exit code 0 is success")
    jml_abort_words("jml: error: \(reason)", code)
  }

  /// An abort is an abort again.
  public static func clear() { jml_abort_words("", 0) }
}
