import Foundation
import Platform
import Synchronization
import TestSupport
import Testing

private let variable = "JML_MEMORY_CHILD"
private let way = ProcessInfo.processInfo.environment[variable]

/// What child processes do, each to its end.
@Suite(.serialized, .enabled(if: way != nil)) struct MemoryChild {
  /// More than any address space has.
  private static let tooMuch = 1 << 47
  /// An address that the compiler cannot think away.
  private static let kept = Mutex<Int?>(nil)

  @Test func end() throws {
    OutOfMemory.watch()
    switch way {
    case "array":
      let array = [UInt8](repeating: 1, count: MemoryChild.tooMuch)
      print(array[Int(array[1])])
    case "data":
      let data = Data(repeating: 1, count: MemoryChild.tooMuch)
      print(data[Int(data[1])])
    case "known": OutOfMemory.end(bytes: 123 << 20, "a test")
    case "handled":
      // Somebody can live without it; what falls much later is another matter.
      MemoryChild.kept.withLock { $0 = malloc(MemoryChild.tooMuch).map { Int(bitPattern: $0) } }
      #expect(MemoryChild.kept.withLock { $0 } == nil)
      #expect(OutOfMemory.reason(for: FileFailure(path: "p", operation: "o", code: 0, reason: "r")) == nil)
      let blocks = (0..<1000).map { _ in malloc(16) }
      for block in blocks { free(block) }
      raise(SIGSEGV)
    case "pages":
      // What oneDNN's code generator does.
      let pages = mmap(nil, MemoryChild.tooMuch, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      #expect(pages == MAP_FAILED)
      raise(SIGSEGV)
    case "crash": raise(SIGSEGV)
    case "abort":
      AbortWords.set("rank 1 of 2 is alone", code: 9)
      abort()
    case "abort again":
      AbortWords.set("rank 1 of 2 is alone", code: 9)
      AbortWords.clear()
      abort()
    default: Issue.record("there is no way \(way ?? "")")
    }
  }
}

/// One line, whoever asked; other crashes stay what they are.
@Suite(.serialized) struct OutOfMemoryTests {
  private func child(_ way: String) throws -> (status: Int32, lines: [Substring]) {
    try withTemporaryDirectory { folder in
      let child = try ChildProcess(
        test: "PlatformTests.MemoryChild/end", environment: [variable: way, "SWIFT_BACKTRACE": "enable=no"],
        scratch: folder)
      let status = child.wait()
      return (status, child.text.split(separator: "\n").filter { $0.hasPrefix("jml: error: ") })
    }
  }

  @Test(arguments: ["array", "data", "pages"]) func arraysOfSwift(_ way: String) throws {
    let (status, lines) = try child(way)
    #expect(status == OutOfMemory.exitCode && lines.count == 1, "\(status) \(lines)")
    let line = try #require(lines.first)
    #expect(line.hasPrefix("jml: error: out of memory: 14073748835"), "\(line)")
    #expect(line.contains("MiB resident; there is: ") && line.hasSuffix("in the machine"), "\(line)")
  }

  @Test func whatWasAskedFor() throws {
    let (status, lines) = try child("known")
    #expect(status == OutOfMemory.exitCode && lines.count == 1, "\(status) \(lines)")
    #expect(
      lines.first?.hasPrefix(
        "jml: error: out of memory: 128974848 bytes (123 MiB) were asked for (a test); in use: ")
        == true, "\(lines)")
  }

  @Test func wordsOfAnAbort() throws {
    let (status, lines) = try child("abort")
    #expect(status == 9 && lines == ["jml: error: rank 1 of 2 is alone"], "\(status) \(lines)")
    let (again, none) = try child("abort again")
    #expect(again == -SIGABRT && none.isEmpty, "\(again) \(none)")
  }

  @Test(arguments: ["handled", "crash"]) func otherCrashes(_ way: String) throws {
    let (status, lines) = try child(way)
    #expect(status == -SIGSEGV && lines.isEmpty, "\(status) \(lines)")
  }
}
