import Foundation
import Platform
import Testing

/// A process that a library has brought down while it read a file says which one.
@Suite struct FileReadingTests {
  @Test func aCrashNamesWhatIsRead() async throws {
    let ended = try #require(
      await #expect(processExitsWith: .exitCode(65), observing: [\.standardErrorContent]) {
        OutOfMemory.watch()
        let other = FileReading("first.h5")
        let reading = FileReading("folder/a\u{1B}[1m.h5")
        withExtendedLifetime((other, reading)) { _ = raise(SIGSEGV) }
      })
    #expect(
      String(decoding: ended.standardErrorContent, as: UTF8.self).hasSuffix(
        "jml: error: folder/a?[1m.h5: reading it has crashed: the file is damaged in a way that the HDF5 library does not see\n"
      ))
  }

  @Test func afterwardsACrashIsACrash() async {
    await #expect(processExitsWith: .signal(SIGABRT)) {
      OutOfMemory.watch()
      withExtendedLifetime(FileReading("first.h5")) {}
      abort()
    }
  }
}
