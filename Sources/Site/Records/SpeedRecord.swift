/// The comparison of speed as `make bench` writes it: `results/bench/bench.json`.
public struct SpeedRecord: Decodable, Sendable {
  let rows: [Row]
  let threads: Int

  struct Row: Decodable, Sendable {
    let name: String
    let title: String?
    let notes: [String]
    let pairs: [Pair]
  }

  /// Measured one after the other.
  struct Pair: Decodable, Sendable {
    let ours: Measurement
    /// By mode.
    let peers: [String: Measurement]
  }

  struct Measurement: Decodable, Sendable {
    /// Median of a step.
    let secondsPerStep: Double
    let peakMemoryBytes: Int
    let cpu: String?
    let model: String?
    let crop: String?
    let batch: Int?
    let teacher: String?
    let distillation: String?
    let versions: [String: String]?

    enum CodingKeys: String, CodingKey {
      case cpu, model, crop, batch, teacher, distillation, versions
      case secondsPerStep = "seconds_per_step"
      case peakMemoryBytes = "peak_memory_bytes"
    }
  }
}

extension SpeedRecord.Row {
  /// The mode that every row is measured in.
  static let plain = "float32"

  /// Modes of the peer, the plain one first.
  var modes: [String] {
    let all = Set(pairs.flatMap(\.peers.keys)).sorted()
    return all.filter { $0 == Self.plain } + all.filter { $0 != Self.plain }
  }

  var ourSeconds: Double? { SpeedRecord.median(pairs.map(\.ours.secondsPerStep)) }
  var ourBytes: Int? { pairs.map(\.ours.peakMemoryBytes).max() }

  func seconds(_ mode: String) -> Double? {
    SpeedRecord.median(pairs.compactMap { $0.peers[mode]?.secondsPerStep })
  }

  func bytes(_ mode: String) -> Int? { pairs.compactMap { $0.peers[mode]?.peakMemoryBytes }.max() }

  /// The peer's seconds over ours, pair by pair: median, least and most.
  func ratio(_ mode: String) -> (median: Double, least: Double, most: Double)? {
    let ratios = pairs.compactMap { pair in
      pair.peers[mode].flatMap { peer in
        pair.ours.secondsPerStep > 0 ? peer.secondsPerStep / pair.ours.secondsPerStep : nil
      }
    }
    guard let median = SpeedRecord.median(ratios), let least = ratios.min(), let most = ratios.max() else {
      return nil
    }
    return (median, least, most)
  }

  /// The peer's fastest mode beside the plain one; nil without another.
  var best: String? {
    modes.filter { $0 != Self.plain }.compactMap { mode in seconds(mode).map { (mode: mode, seconds: $0) } }
      .min { $0.seconds < $1.seconds }?.mode
  }
}

extension SpeedRecord {
  static func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
