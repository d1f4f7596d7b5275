import Synchronization

/// Keeps decoded samples in memory up to a limit, since decoding a large PNG costs more than augmenting it.
/// What does not fit is read again each time, so the limit changes speed only.
public final class CachedDataset: SegmentationDataset {
  private struct State {
    var samples: [Sample?]
    var bytes = 0
    /// Of a sample so far.
    var largestBytes = 0
  }

  private let base: any SegmentationDataset
  private let byteLimit: Int
  private let state: Mutex<State>

  /// - Parameter byteLimit: the most bytes of pixels and labels to keep.
  public init(_ base: any SegmentationDataset, byteLimit: Int) {
    self.base = base
    self.byteLimit = byteLimit
    state = Mutex(State(samples: [Sample?](repeating: nil, count: base.samples.count)))
  }

  public var name: String { base.name }
  public var classNames: [String] { base.classNames }
  public var classColors: [[UInt8]] { base.classColors }
  public var samples: [SampleFiles] { base.samples }

  /// Bytes of pixels and labels kept now.
  public var cachedBytes: Int { state.withLock { $0.bytes } }

  public func load(_ index: Int) throws -> Sample {
    if let kept = state.withLock({ $0.samples[index] }) { return kept }
    let sample = try base.load(index)
    let size = sample.image.pixels.count + sample.label.values.count
    state.withLock { state in
      state.largestBytes = max(state.largestBytes, size)
      guard state.samples[index] == nil, state.bytes + size <= byteLimit else { return }
      state.samples[index] = sample
      state.bytes += size
    }
    return sample
  }

  /// Whole samples as long as they fit, then only the rows.
  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    let (kept, largest, room) = state.withLock {
      ($0.samples[index], $0.largestBytes, byteLimit - $0.bytes)
    }
    guard let sample = try kept ?? (largest <= room ? load(index) : nil) else {
      return try base.load(index, rows: rows)
    }
    _ = rows(sample.image.height, sample.image.width)
    return SampleBand(sample)
  }
}
