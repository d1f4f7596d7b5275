import Testing
import Training

@Suite struct SlidingWindowTests {
  /// Extent, window, ratio and the starts.
  @Test(arguments: [
    (1024, 512, 0.6667, [0, 342, 512]),
    (2048, 1024, 0.6667, [0, 683, 1024]),
    (512, 512, 0.6667, [0]),
    (513, 512, 0.6667, [0, 1]),
    (10, 4, 0.5, [0, 2, 4, 6]),
    (11, 4, 0.5, [0, 2, 4, 6, 7]),
    (7, 3, 1.0, [0, 3, 4]),
    (5, 3, 0.01, [0, 1, 2]),
  ])
  func starts(_ extent: Int, _ window: Int, _ ratio: Double, _ wanted: [Int]) {
    #expect(SlidingWindow(extent: extent, window: window, strideRatio: ratio).starts == wanted)
  }

  /// Every pixel is in a window, every window in the image; starts rise, and no two are the same.
  @Test(arguments: [0.1, 1.0 / 3, 0.5, 0.6667, 1.0]) func windowsCover(_ ratio: Double) {
    for window in 1...9 {
      for extent in window...31 {
        let starts = SlidingWindow(extent: extent, window: window, strideRatio: ratio).starts
        #expect(starts.first == 0 && starts.last == extent - window, "\(extent) \(window)")
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "\(extent) \(window)")
        let covered = (0..<extent).allSatisfy { x in starts.contains { $0 <= x && x < $0 + window } }
        #expect(covered, "\(extent) \(window)")
      }
    }
  }
}
