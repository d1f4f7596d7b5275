import Foundation
import Images
import Platform
import Synchronization
import Tensors

/// What reading a whole data set once has shown.
public struct DataReport: Equatable, Sendable {
  public let dataset: String
  public let imageCount: Int
  public let classNames: [String]
  /// Labelled pixels of each class, C of them; samples with errors are not counted.
  public let classPixels: [Int]
  /// Those whose colour is no class's among them.
  public let ignoredPixels: Int
  /// Pixels that are ignored since their colour in the label file is no class's.
  public let unmatchedPixels: Int
  /// Everything that must be repaired before training, in sample order.
  public let errors: [DatasetError]
  /// What is allowed but deserves a look, one line each.
  public let warnings: [String]
  /// A hash of identifiers and file contents in sample order: equal data gives an equal number wherever it
  /// lies. For noticing changes, not against forgery. 0 when there are errors.
  public let fingerprint: UInt64

  /// Fraction 0...1 of pixels that are not labelled.
  public var ignoredFraction: Double {
    let all = classPixels.reduce(ignoredPixels, +)
    return all == 0 ? 0 : Double(ignoredPixels) / Double(all)
  }

  /// `fingerprint` as 16 hexadecimal digits.
  public var fingerprintText: String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Reads every sample once before any training, so that a bad file stops a run before its first step and not
/// hours into it.
public enum DataCheck {
  /// - Parameters:
  ///   - dataset: at its full resolution, not cached: the files themselves are to be read.
  ///   - threads: samples are dealt to this many threads; the report does not depend on it.
  ///   - progress: called with (samples done, samples in all), from any thread, one call at a time.
  public static func run(
    _ dataset: any SegmentationDataset, threads: Int = 2, progress: @escaping @Sendable (Int, Int) -> Void
  ) -> DataReport {
    let samples = dataset.samples
    guard !samples.isEmpty else {
      return report(dataset, findings: [], extra: [.emptySplit(dataset: dataset.name, path: nil)])
    }
    let state = Mutex((next: 0, done: 0, findings: [Finding?](repeating: nil, count: samples.count)))
    BackgroundThread.run(min(threads, samples.count)) {
      while let index = state.withLock({ state -> Int? in
        guard state.next < samples.count else { return nil }
        state.next += 1
        return state.next - 1
      }) {
        let finding = inspect(dataset, index)
        state.withLock { state in
          state.findings[index] = finding
          state.done += 1
          progress(state.done, samples.count)
        }
      }
    }
    return report(dataset, findings: state.withLock { $0.findings.compactMap { $0 } }, extra: [])
  }

  private struct Finding: Sendable {
    var error: DatasetError?
    var counts: [Int] = []
    var unmatched = 0
    var hash: UInt64 = 0
  }

  private static func inspect(_ dataset: any SegmentationDataset, _ index: Int) -> Finding {
    let files = dataset.samples[index]
    do {
      let sample = try dataset.load(index)
      var counts = [Int](repeating: 0, count: 256)
      sample.label.values.withUnsafeBufferPointer { values in
        for value in values { counts[Int(value)] += 1 }
      }
      var hash = RandomSource.hash(files.id)
      hash = contentHash(try FileBytes.read(files.imagePath), hash)
      if let labelPath = files.labelPath { hash = contentHash(try FileBytes.read(labelPath), hash) }
      return Finding(counts: counts, unmatched: sample.unmatchedPixels, hash: hash)
    } catch let error as DatasetError {
      return Finding(error: error)
    } catch let error as ImageError {
      return Finding(error: .image(error))
    } catch {
      return Finding(error: .image(.file(path: files.imagePath, reason: "\(error)")))
    }
  }

  /// FNV-1a over 64-bit words (the last one padded with zeros), then the length. For noticing changes.
  public static func contentHash(_ bytes: [UInt8], _ start: UInt64) -> UInt64 {
    var hash = start
    bytes.withUnsafeBytes { raw in
      var offset = 0
      while offset < raw.count {
        var word: UInt64 = 0
        if offset + 8 <= raw.count {
          word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        } else {
          for (shift, byte) in raw[offset...].enumerated() { word |= UInt64(byte) << UInt64(8 * shift) }
        }
        hash = (hash ^ word) &* 0x100_0000_01B3
        hash ^= hash >> 32
        offset += 8
      }
    }
    return RandomSource.mix(hash ^ UInt64(bytes.count))
  }

  /// One line, however many they are: of ADE20K's 150 classes a part of the data lacks dozens.
  private static func absentClasses(_ names: [String], _ classPixels: [Int]) -> String? {
    let absent = names.indices.filter { classPixels[$0] == 0 }
    let listed = absent.prefix(10).map { "\($0) '\(names[$0])'" }
    switch absent.count {
    case 0: return nil
    case 1: return "class \(listed[0]) never occurs"
    default:
      let more = absent.count - listed.count
      return "\(absent.count) of \(names.count) classes never occur: \(listed.joined(separator: ", "))"
        + (more > 0 ? " and \(more) more" : "")
    }
  }

  private static func report(
    _ dataset: any SegmentationDataset, findings: [Finding], extra: [DatasetError]
  ) -> DataReport {
    let names = dataset.classNames
    let errors = extra + findings.compactMap(\.error)
    var counts = [Int](repeating: 0, count: 256)
    var hash = RandomSource.hash(dataset.name)
    for finding in findings {
      for (value, count) in finding.counts.enumerated() { counts[value] += count }
      hash = RandomSource.mix(hash ^ finding.hash)
    }
    let classPixels = Array(counts[..<names.count])
    var warnings: [String] = []
    if errors.isEmpty {
      if let absent = absentClasses(names, classPixels) { warnings.append("\(dataset.name): \(absent)") }
    }
    let unmatched = findings.map(\.unmatched).reduce(0, +)
    if unmatched > 0 {
      let all = max(1, counts.reduce(0, +))
      let touched = findings.indices.filter { findings[$0].unmatched > 0 }
      // There is one finding a sample.
      let worst = touched.max { (findings[$0].unmatched, $1) < (findings[$1].unmatched, $0) } ?? 0
      warnings.append(
        "\(dataset.name): \(unmatched) pixels (\(String(format: "%.3f", 100 * Double(unmatched) / Double(all))) %) in "
          + "\(touched.count) of \(findings.count) labels have a colour of no class and are ignored, most of them "
          + "in '\(dataset.samples[worst].id)'")
    }
    return DataReport(
      dataset: dataset.name, imageCount: dataset.samples.count, classNames: names, classPixels: classPixels,
      ignoredPixels: counts[Int(LabelMap.ignore)], unmatchedPixels: unmatched, errors: errors,
      warnings: warnings,
      fingerprint: errors.isEmpty ? hash : 0)
  }
}
