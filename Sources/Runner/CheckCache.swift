import Datasets
import Experiments
import Foundation
import Platform
import Results

/// Remembers which files have passed the data check: `<profile's results>/checks/<data set>-<manifest>.json`.
public struct CheckCache: Sendable {
  public let folder: URL

  public init(folder: URL) { self.folder = folder }

  /// A hash over what the files mean, their names, sizes and modification times, and where they lie. No file is
  /// opened; files that are changed without any of these changing are not noticed.
  static func manifest(_ datasets: [any SegmentationDataset], meaning: String, root: URL) -> String {
    var text = root.standardizedFileURL.path + "\n" + meaning
    for dataset in datasets {
      text += "\n\(dataset.name)\t\(dataset.classNames.joined(separator: ","))"
      // Names that stand twice are no samples more.
      for error in dataset.listing.errors { text += "\nerror \(error)" }
      for sample in dataset.samples {
        text += "\n\(sample.id)\t\(stamp(sample.imagePath))\t\(sample.labelPath.map(stamp) ?? "unlabelled")"
      }
    }
    return String(SHA256.hexDigest(of: text).prefix(16))
  }

  private static func stamp(_ path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "\(path) missing" }
    return "\(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }

  func summary(dataset: String, manifest: String) -> DataSummary? { read(file(dataset, manifest)) }

  /// A cache that cannot be written costs time and nothing else.
  func keep(_ summary: DataSummary, manifest: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(summary) else { return }
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? AtomicFile.write(data, to: file(summary.dataset, manifest))
  }

  /// The data set as it was when it was last here, for reading results where the data is not at hand; nil unless
  /// exactly one content of it has ever passed.
  func only(dataset: String) -> DataSummary? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.sorted().filter { $0.hasPrefix("\(dataset)-") }
      .compactMap { read(folder.appendingPathComponent($0)) }
    guard let first = found.first, found.allSatisfy({ $0.fingerprint == first.fingerprint }) else {
      return nil
    }
    return first
  }

  /// Fingerprints of the data set that have passed here, sorted.
  func fingerprints(dataset: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.filter { $0.hasPrefix("\(dataset)-") }
      .compactMap { read(folder.appendingPathComponent($0))?.fingerprint }
    return Set(found).sorted()
  }

  private func file(_ dataset: String, _ manifest: String) -> URL {
    folder.appendingPathComponent("\(dataset)-\(manifest).json")
  }

  private func read(_ url: URL) -> DataSummary? {
    guard let data = try? RegularFile.read(url.path) else { return nil }
    return try? JSONDecoder().decode(DataSummary.self, from: data)
  }
}
