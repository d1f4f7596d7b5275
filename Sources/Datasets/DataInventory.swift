/// What there is to say of a part of a data set without opening its pictures.
public struct DataFindings: Equatable, Sendable {
  public internal(set) var errors: [DatasetError] = []
  public internal(set) var warnings: [String] = []
  /// What is as it should be, and is counted for completeness.
  public internal(set) var notes: [String] = []
}

/// Files of a data set that are not used, or used more than once.
public enum DataInventory {
  /// - Parameter parts: all splits of a data set, in the order of use.
  /// - Returns: as many; what concerns several parts is said of the last of them.
  public static func findings(_ parts: [any SegmentationDataset]) -> [DataFindings] {
    let listings = parts.map(\.listing)
    var findings = listings.map { DataFindings(errors: $0.errors, warnings: $0.warnings) }
    var used: [FileName: Int] = [:]
    for (part, dataset) in parts.enumerated() {
      for sample in dataset.samples {
        let path = FileName(sample.imagePath)
        if let other = used[path], other != part {
          findings[part].errors.append(
            .inTwoSplits(
              id: sample.id, path: sample.imagePath, datasets: [parts[other].name, dataset.name]))
        } else {
          used[path] = part
        }
      }
    }
    let labels = parts.flatMap { $0.samples.compactMap { $0.labelPath.map { FileName($0) } } }
    let lists = listings.flatMap { $0.lists.map { FileName($0) } }
    var seen = Set(used.keys).union(labels).union(lists)
    let images = Set(used.keys)
    for (part, listing) in listings.enumerated() {
      let unused = listing.files.filter { file in
        guard seen.insert(FileName(file.path)).inserted else { return false }
        return file.image.map { !images.contains(FileName($0)) } ?? true
      }
      for (meaning, files) in groups(unused) {
        let names = files.map { shown($0.path, below: listing.base) }
        let count = names.count == 1 ? "1 file is" : "\(names.count) files are"
        let text = { (what: String) in
          "\(parts[part].name): \(count) not used: \(what): \(FileNaming.listed(names))"
        }
        switch meaning {
        case .warning(let what): findings[part].warnings.append(text(what))
        case .note(let what): findings[part].notes.append(text(what))
        }
      }
    }
    for (base, known) in bases(listings) {
      if let note = neighbours(base, known) { findings[0].notes.append(note) }
    }
    return findings
  }

  /// Images of equal bytes. Under one name in two splits they are an error; data sets as they are published have some
  /// under other names.
  /// - Parameter hashes: of each part's images; nil for those that cannot be read.
  static func copies(_ parts: [any SegmentationDataset], hashes: [[UInt64?]]) -> [DataFindings] {
    var findings = parts.map { _ in DataFindings() }
    var first: [UInt64: (part: Int, sample: SampleFiles)] = [:]
    for (part, dataset) in parts.enumerated() {
      var pairs: [String] = []
      for (sample, hash) in zip(dataset.samples, hashes[part]) {
        guard let hash else { continue }
        guard let other = first[hash] else {
          first[hash] = (part, sample)
          continue
        }
        // Such a path is an error of its own.
        if FileName(other.sample.imagePath) == FileName(sample.imagePath) { continue }
        if other.part != part, FileName(other.sample.id) == FileName(sample.id) {
          findings[part].errors.append(
            .copied(id: sample.id, paths: [other.sample.imagePath, sample.imagePath]))
        } else {
          pairs.append("\(sample.id) = \(other.sample.id) of \(parts[other.part].name)")
        }
      }
      guard !pairs.isEmpty else { continue }
      let count = pairs.count == 1 ? "1 image has" : "\(pairs.count) images have"
      findings[part].warnings.append(
        "\(dataset.name): \(count) the bytes of another one: \(FileNaming.listed(pairs))")
    }
    return findings
  }

  /// By meaning, in the order of their first files.
  private static func groups(_ files: [FoundFile]) -> [(FoundFile.Meaning, [FoundFile])] {
    var order: [FoundFile.Meaning] = []
    var groups: [FoundFile.Meaning: [FoundFile]] = [:]
    for file in files {
      if groups[file.ifUnused] == nil { order.append(file.ifUnused) }
      groups[file.ifUnused, default: []].append(file)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  private static func shown(_ path: String, below base: String) -> String {
    path.hasPrefix(base + "/") ? String(path.dropFirst(base.count + 1)) : path
  }

  /// Folders of data sets and the names in them that some layout knows.
  private static func bases(_ listings: [SplitListing]) -> [(String, Set<String>)] {
    var known: [String: Set<String>] = [:]
    for listing in listings where !listing.base.isEmpty {
      known[listing.base, default: []].formUnion(listing.known)
    }
    return known.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func neighbours(_ base: String, _ known: Set<String>) -> String? {
    // All of it was looked at.
    if known.contains("") { return nil }
    var listing = SplitListing()
    let names = listing.visible(in: base, namesMatter: false).map(\.name).filter { !known.contains($0) }
    if let error = listing.errors.first { return "\(error)" }
    return names.isEmpty ? nil : "\(base): not looked at: \(FileNaming.listed(names))"
  }
}
