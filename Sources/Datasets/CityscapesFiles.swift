import Platform

/// What lies in the cities of a split.
struct CityscapesFiles {
  /// Ordered by city and id.
  private(set) var samples: [SampleFiles] = []
  private(set) var listing = SplitListing()
  private let images: String
  private let labels: String
  private let dataset: String
  private var seen: [Folder.Identity: String] = [:]
  /// Samples by city, under the name that they share with no other of the city.
  private var found: [(city: String, stem: String, image: String, label: String)] = []

  static let trainIdSuffix = "_gtFine_labelTrainIds.png"
  private static let rawIdSuffix = "_gtFine_labelIds.png"
  private static let imageSuffix = "_leftImg8bit.png"
  /// What the data set has beside the labels that are read.
  private static let companionSuffixes = [
    "_gtFine_color.png", "_gtFine_instanceIds.png", "_gtFine_instanceTrainIds.png", "_gtFine_polygons.json",
  ]
  private static let splits: Set<String> = ["train", "val", "test", "train_extra", "demoVideo"]

  /// - Parameters:
  ///   - base: the folder with `leftImg8bit` and `gtFine`.
  ///   - images: the split's folder below `leftImg8bit`.
  ///   - labels: the split's folder below `gtFine`.
  ///   - dataset: for messages.
  init(base: String, images: String, labels: String, dataset: String) {
    (self.images, self.labels, self.dataset) = (images, labels, dataset)
    listing.base = base
    listing.known = ["leftImg8bit", "gtFine"]
    for folder in ["\(base)/leftImg8bit", "\(base)/gtFine"] {
      for entry in listing.visible(in: folder, namesMatter: false)
      where !CityscapesFiles.splits.contains(entry.name) {
        listing.add("\(folder)/\(entry.name)", ifUnused: .warning("not the folder of a split"))
      }
    }
    let imageCities = cities(images)
    let labelCities = cities(labels)
    for city in imageCities.union(labelCities).sorted() {
      add(
        city.text, hasImages: imageCities.contains(city), hasLabels: labelCities.contains(city))
    }
    // Ids of the data set itself begin with the city, and stay as they are.
    var count: [FileName: Int] = [:]
    for sample in found { count[FileName(sample.stem), default: 0] += 1 }
    samples = found.map { sample in
      SampleFiles(
        id: count[FileName(sample.stem)] == 1 ? sample.stem : "\(sample.city)/\(sample.stem)",
        imagePath: sample.image, labelPath: sample.label)
    }
  }

  private mutating func cities(_ folder: String) -> Set<FileName> {
    var cities: Set<FileName> = []
    for entry in listing.visible(in: folder, namesMatter: true) {
      let path = "\(folder)/\(entry.name)"
      switch entry.kind {
      case .folder:
        guard isNew(path) else { continue }
        cities.insert(FileName(entry.name))
      case .unreachable(let reason): listing.errors.append(.folder(path: path, reason: reason))
      case .file, .special: listing.add(path, ifUnused: .warning("not the folder of a city"))
      }
    }
    return cities
  }

  /// Two names of one folder would have its images used twice.
  private mutating func isNew(_ path: String) -> Bool {
    do {
      let identity = try Folder.Identity(path)
      guard let other = seen[identity] else {
        seen[identity] = path
        return true
      }
      listing.errors.append(.sameFolder(paths: [other, path]))
    } catch {
      listing.errors.append(.folder(path: path, reason: error.reason))
    }
    return false
  }

  private mutating func add(_ city: String, hasImages: Bool, hasLabels: Bool) {
    let (imageFolder, labelFolder) = ("\(images)/\(city)", "\(labels)/\(city)")
    let imageNames = hasImages ? listing.visible(in: imageFolder, namesMatter: true).map(\.name) : []
    let labelNames = hasLabels ? listing.visible(in: labelFolder, namesMatter: true).map(\.name) : []
    let imageFiles = files(imageNames, suffix: CityscapesFiles.imageSuffix, in: imageFolder)
    let trainIds = files(labelNames, suffix: CityscapesFiles.trainIdSuffix, in: labelFolder)
    let rawIds = files(labelNames, suffix: CityscapesFiles.rawIdSuffix, in: labelFolder)
    func image(_ stem: FileName) -> String {
      imageFiles[stem] ?? "\(imageFolder)/\(stem.text)\(CityscapesFiles.imageSuffix)"
    }
    for stem in Set(imageFiles.keys).union(trainIds.keys).union(rawIds.keys).sorted() {
      let label =
        trainIds[stem] ?? rawIds[stem] ?? "\(labelFolder)/\(stem.text)\(CityscapesFiles.rawIdSuffix)"
      found.append((city, stem.text, image(stem), label))
    }
    for name in imageNames where FileNaming.stem(name, suffix: CityscapesFiles.imageSuffix) == nil {
      listing.add(
        "\(imageFolder)/\(name)",
        ifUnused: .warning("not named as an image, <id>\(CityscapesFiles.imageSuffix)"))
    }
    let known =
      [CityscapesFiles.trainIdSuffix, CityscapesFiles.rawIdSuffix] + CityscapesFiles.companionSuffixes
    for name in labelNames {
      let stem = FileNaming.stem(name, endings: known)
      listing.add(
        "\(labelFolder)/\(name)", with: stem.map { image(FileName($0)) },
        ifUnused: .warning(
          stem == nil
            ? "not named as a label, <id>\(CityscapesFiles.rawIdSuffix)" : "without an image and a label"))
    }
  }

  /// Paths by what stands before a suffix.
  private mutating func files(_ names: [String], suffix: String, in folder: String) -> [FileName: String] {
    var paths: [FileName: String] = [:]
    for name in names {
      guard let stem = FileNaming.stem(name, suffix: suffix) else { continue }
      let path = "\(folder)/\(name)"
      if let other = paths[FileName(stem)] {
        listing.errors.append(.ambiguous(dataset: dataset, id: stem, paths: [other, path]))
      } else {
        paths[FileName(stem)] = path
      }
    }
    return paths
  }
}
