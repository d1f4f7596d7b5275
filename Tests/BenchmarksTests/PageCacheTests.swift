import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct PageCacheTests {
  /// What was just read is there; whether the system lets it go is up to the file system.
  @Test func shareIsOfTheFilesPages() throws {
    try withTemporaryDirectory { folder in
      let file = folder.appendingPathComponent("pages")
      try Data(repeating: 7, count: 100_000).write(to: file)
      _ = try Data(contentsOf: file)
      #expect(PageCache.residentShare([file.path]) == 1)
      PageCache.evict([file.path, folder.appendingPathComponent("none").path])
      #expect((0...1).contains(PageCache.residentShare([file.path])))
      #expect(PageCache.residentShare([]) == 0)
    }
  }
}
