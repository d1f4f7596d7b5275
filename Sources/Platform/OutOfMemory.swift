import CPlatform

/// The end of a process that could not have the memory it asked for: one line that says what was asked, what is in use
/// and what there is, and an exit code of its own.
///
/// Nothing can go on without memory, and Swift traps where it has none, so that this is no error to catch. What was saved
/// stays good, as after any other sudden end.
public enum OutOfMemory {
  /// EX_OSERR: the system does not give what is needed.
  public static let exitCode = Int32(JML_EXIT_MEMORY)

  /// How the reason begins, after `jml: error: `, in this process's words and in those of one that watches it.
  public static let prefix = "out of memory: "

  /// From now on every way to run out of memory ends with that line: arrays of Swift, `new` of C++, what a library does not
  /// survive. To be called once, when the program begins.
  public static func watch() { jml_memory_watch(MemoryLimits.current.description) }

  /// What to say of an error that came of a refused allocation which a library has noticed by itself; nil for any other,
  /// and for what no machine could give, which a file's false numbers ask for.
  public static func reason(for error: any Error) -> String? {
    let asked = jml_memory_refused()
    let limits = MemoryLimits.current
    guard asked > 0, asked <= limits.machine else { return nil }
    return "\(prefix)\(asked) bytes (\(asked >> 20) MiB) were asked for; there is: \(limits); \(error)"
  }

  /// Ends the process.
  /// - Parameters:
  ///   - bytes: what was asked.
  ///   - purpose: such as `a tensor`; plain ASCII.
  public static func end(bytes: Int, _ purpose: StaticString) -> Never {
    purpose.withUTF8Buffer { text in
      // A static string ends with a zero.
      text.withMemoryRebound(to: CChar.self) { text in
        if let start = text.baseAddress { jml_memory_end(max(bytes, 0), start) }
        jml_memory_end(max(bytes, 0), "")
      }
    }
  }
}
