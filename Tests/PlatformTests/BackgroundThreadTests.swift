import Foundation
import Platform
import Synchronization
import Testing

@Suite(.serialized) struct BackgroundThreadTests {
  @Test(arguments: [1, 2, 5]) func everyThreadWorksOnce(_ count: Int) {
    let calls = Mutex(0)
    BackgroundThread.run(count) { calls.withLock { $0 += 1 } }
    #expect(calls.withLock { $0 } == count)
  }

  @Test func startedThreadsRun() {
    let done = DispatchSemaphore(value: 0)
    let isMain = Mutex(true)
    #expect(
      BackgroundThread.start {
        isMain.withLock { $0 = Thread.isMainThread }
        done.signal()
      })
    done.wait()
    #expect(!isMain.withLock { $0 })
  }
}
