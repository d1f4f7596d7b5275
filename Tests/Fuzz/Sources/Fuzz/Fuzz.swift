import CFuzz
import Foundation

/// `Fuzz TARGET [libFuzzer's options] [folders of inputs]`; `Fuzz --list` names the targets and their longest input;
/// `Fuzz --seeds TARGET REPOSITORY FOLDER` writes the inputs that a run begins with.
@main enum Fuzz {
  /// Set before libFuzzer's loop begins, which is the only reader.
  nonisolated(unsafe) private static var target = Target.png
  nonisolated(unsafe) private static var cost = Cost()

  static func main() {
    var arguments = CommandLine.arguments
    if arguments.dropFirst().first == "--list" {
      for target in Target.all { print(target.name, target.longest) }
      return
    }
    let writesSeeds = arguments.dropFirst().first == "--seeds"
    if writesSeeds { arguments.remove(at: 1) }
    guard arguments.count > 1, let found = Target.all.first(where: { $0.name == arguments[1] }) else {
      return fail("no such target; there are \(Target.all.map(\.name).joined(separator: ", "))")
    }
    target = found
    jml_fuzz_ready_hdf5()
    if writesSeeds { return writeSeeds(arguments) }
    arguments.remove(at: 1)
    fuzz(arguments)
  }

  private static func fuzz(_ arguments: [String]) {
    jml_fuzz_watch()
    atexit { FileHandle.standardError.write(Data(Fuzz.cost.line.utf8)) }
    var texts: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var count = Int32(arguments.count)
    let status = texts.withUnsafeMutableBufferPointer { texts in
      var pointer = texts.baseAddress
      return LLVMFuzzerRunDriver(&count, &pointer) { bytes, count in
        Fuzz.run([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
        return 0
      }
    }
    exit(status)
  }

  private static func run(_ input: [UInt8]) {
    let started = jml_fuzz_seconds()
    jml_fuzz_begin()
    target.run(input)
    let (memory, seconds) = (jml_fuzz_peak(), jml_fuzz_seconds() - started)
    cost.add(memory: memory, seconds: seconds, input: input.count)
    Broken.unless(
      memory <= target.memory, "\(memory) bytes of memory for \(input.count); allowed: \(target.memory)")
    Broken.unless(
      seconds <= target.seconds, "\(seconds) s for \(input.count) bytes; allowed: \(target.seconds)")
  }

  private static func writeSeeds(_ arguments: [String]) {
    guard arguments.count == 4 else { return fail("--seeds TARGET REPOSITORY FOLDER") }
    let (repository, folder) = (URL(fileURLWithPath: arguments[2]), URL(fileURLWithPath: arguments[3]))
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (name, bytes) in try target.seeds(repository) where bytes.count <= target.longest {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
      }
    } catch {
      fail("seeds of \(target.name): \(error)")
    }
  }

  private static func fail(_ reason: String) {
    FileHandle.standardError.write(Data("fuzz: \(reason)\n".utf8))
    exit(64)
  }
}
