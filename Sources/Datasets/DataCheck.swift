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
  /// Everything that must be repaired before training; of samples in their order.
  public private(set) var errors: [DatasetError]
  /// What is allowed but deserves a look, one line each.
  public private(set) var warnings: [String]
  /// What is as it should be, and is counted for completeness, one line each.
  public private(set) var notes: [String] = []
  /// A hash of identifiers and file contents in sample order: equal data gives an equal number wherever it
  /// lies. For noticing changes, not against forgery. 0 when there are errors.
  public private(set) var fingerprint: UInt64

  /// With what was found without reading: first of errors, last of warnings.
  public func adding(_ findings: DataFindings) -> DataReport {
    var report = self
    report.errors = findings.errors + errors
    report.warnings += findings.warnings
    report.notes += findings.notes
    if !report.errors.isEmpty { report.fingerprint = 0 }
    return report
  }

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
  /// One split by itself, with what its listing has found.
  /// - Parameters:
  ///   - dataset: at its full resolution, not cached: the files themselves are to be read.
  ///   - threads: samples are dealt to this many threads; the report does not depend on it.
  ///   - progress: called with (samples done, samples in all), from any thread, one call at a time.
  public static func run(
    _ dataset: any SegmentationDataset, threads: Int = 2, progress: @escaping @Sendable (Int, Int) -> Void
  ) -> DataReport {
    let listing = dataset.listing
    return report(dataset, findings: read(dataset, threads: threads, progress: progress))
      .adding(DataFindings(errors: listing.errors, warnings: listing.warnings))
  }

  /// Reads all splits of a data set, and compares their images; `DataInventory` knows the rest.
  /// - Parameters:
  ///   - parts: as in `run(_:threads:progress:)`, each.
  ///   - progress: called with (name of the split, samples done, samples in all), one call at a time.
  public static func read(
    _ parts: [any SegmentationDataset], threads: Int = 2,
    progress: @escaping @Sendable (String, Int, Int) -> Void
  ) -> [DataReport] {
    let findings = parts.map { dataset in
      read(dataset, threads: threads) { progress(dataset.name, $0, $1) }
    }
    let copies = DataInventory.copies(parts, hashes: findings.map { $0.map(\.imageHash) })
    return parts.indices.map { report(parts[$0], findings: findings[$0]).adding(copies[$0]) }
  }

  private static func read(
    _ dataset: any SegmentationDataset, threads: Int, progress: @escaping @Sendable (Int, Int) -> Void
  ) -> [Finding] {
    let samples = dataset.samples
    guard !samples.isEmpty else { return [] }
    let state = Mutex((done: 0, findings: [Finding?](repeating: nil, count: samples.count)))
    BackgroundThread.forEach(samples.count, threads: threads) { index in
      let finding = inspect(dataset, index)
      state.withLock { state in
        state.findings[index] = finding
        state.done += 1
        progress(state.done, samples.count)
      }
    }
    return state.withLock { $0.findings.compactMap { $0 } }
  }

  private struct Finding: Sendable {
    var error: DatasetError?
    var counts: [Int] = []
    var unmatched = 0
    var hash: UInt64 = 0
    var remark: String?
    var orientation: ImageOrientation?
    /// Of the image's bytes alone.
    var imageHash: UInt64?
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
      let image = try FileBytes.read(files.imagePath)
      hash = contentHash(image, hash)
      if let labelPath = files.labelPath { hash = contentHash(try FileBytes.read(labelPath), hash) }
      return Finding(
        counts: counts, unmatched: sample.unmatchedPixels, hash: hash, remark: sample.remark,
        orientation: ImageOrientation(of: image), imageHash: contentHash(image, 0))
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
    _ dataset: any SegmentationDataset, findings: [Finding]
  ) -> DataReport {
    let names = dataset.classNames
    var nearMisses = NearMisses()
    var errors = findings.compactMap(\.error).map { nearMisses.hinted($0) }
    if dataset.samples.isEmpty { errors.append(.emptySplit(dataset: dataset.name, path: nil)) }
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
    var remarks = PictureRemarks()
    // There is one finding a sample, or none at all.
    for (sample, finding) in zip(dataset.samples, findings) {
      remarks.add(sample.id, remark: finding.remark, orientation: finding.orientation)
    }
    warnings += remarks.lines(dataset: dataset.name, images: dataset.samples.count)
    return DataReport(
      dataset: dataset.name, imageCount: dataset.samples.count, classNames: names, classPixels: classPixels,
      ignoredPixels: counts[Int(LabelMap.ignore)], unmatchedPixels: unmatched, errors: errors,
      warnings: warnings,
      fingerprint: errors.isEmpty ? hash : 0)
  }
}
