import Platform

/// What lies in the folders of PASCAL VOC's layout.
struct VOCFiles {
  /// Paths by identifier.
  let images: [FileName: String]
  private(set) var listing: SplitListing
  private let base: String
  private let dataset: String
  /// In the order in which masks are looked for; paths by identifier.
  private let masks: [[FileName: String]]

  static let imageFolder = "JPEGImages"
  static let officialMasks = "SegmentationClass"
  static let extraMasks = ["SegmentationClassAug", "SegmentationClassTrainAug"]
  /// Where the data set's other tasks have their lists; pictures of theirs alone have no mask.
  private static let tasks = ["Action", "Layout", "Main"]

  /// - Parameters:
  ///   - base: the folder with `JPEGImages`.
  ///   - list: of the split.
  ///   - dataset: for messages.
  init(base: String, list: String, labels: PascalVOC.Labels, dataset: String) throws(DatasetError) {
    (self.base, self.dataset) = (base, dataset)
    let maskFolders = (labels == .sbdFirst ? VOCFiles.extraMasks : []) + [VOCFiles.officialMasks]
    guard Folder.isFolder("\(base)/\(VOCFiles.imageFolder)") else {
      throw .notFound(
        dataset: dataset, what: "folder of images", tried: ["\(base)/\(VOCFiles.imageFolder)"])
    }
    var listing = SplitListing()
    listing.base = base
    listing.lists = [list]
    listing.known = Set(
      [
        VOCFiles.imageFolder, VOCFiles.officialMasks, "ImageSets", "Annotations", "SegmentationObject",
      ] + VOCFiles.extraMasks)
    images = VOCFiles.files(
      "\(base)/\(VOCFiles.imageFolder)", endings: FileNaming.jpegEndings, dataset, &listing)
    var masks: [[FileName: String]] = []
    for folder in maskFolders where try exists("\(base)/\(folder)") {
      masks.append(VOCFiles.files("\(base)/\(folder)", endings: [".png"], dataset, &listing))
    }
    (self.masks, self.listing) = (masks, listing)
    addUnused(others: try otherLists(but: list))
  }

  /// The first mask that is there, else where the official one would be.
  func mask(_ id: String) -> String {
    masks.lazy.compactMap { $0[FileName(id)] }.first ?? "\(base)/\(VOCFiles.officialMasks)/\(id).png"
  }

  func image(_ id: String) -> String {
    images[FileName(id)] ?? "\(base)/\(VOCFiles.imageFolder)/\(id)\(FileNaming.jpegEndings[0])"
  }

  /// What lines of a list may be: `<id>`, `<id>.jpg`, `JPEGImages/<id>.jpg SegmentationClass/<id>.png`.
  var forms: ListForms {
    let isKnown = { (id: String) in images[FileName(id)] != nil }
    func safe(_ id: String?) -> String? { id.flatMap { VOCFiles.refusal($0) == nil ? $0 : nil } }
    return ListForms(
      isKnown: isKnown,
      image: { path in
        if let id = safe(FileNaming.stem(path, endings: FileNaming.jpegEndings)) {
          return isKnown(id) ? id : nil
        }
        return safe(
          FileNaming.jpegEndings.lazy.compactMap {
            FileNaming.stem(path, prefix: "\(VOCFiles.imageFolder)/", suffix: $0)
          }.first)
      },
      label: { path in
        safe(
          ([VOCFiles.officialMasks] + VOCFiles.extraMasks).lazy.compactMap {
            FileNaming.stem(path, prefix: "\($0)/", suffix: ".png")
          }.first)
      },
      refusal: VOCFiles.refusal)
  }

  /// Why a text is no identifier; nil: it is one.
  private static func refusal(_ id: String) -> String? {
    if id == "." || id == ".." { return "it would leave the folder of images" }
    guard id.utf8.contains(UInt8(ascii: "/")) else { return nil }
    return
      "paths are taken where they are the layout's own, \(imageFolder)/<id>.jpg \(officialMasks)/<id>.png; "
      + "allowed otherwise: the name of an image in \(imageFolder) without its ending"
  }

  private static func files(
    _ folder: String, endings: [String], _ dataset: String, _ listing: inout SplitListing
  ) -> [FileName: String] {
    var paths: [FileName: String] = [:]
    for entry in listing.contents(of: folder, namesMatter: false) {
      let path = "\(folder)/\(entry.name)"
      guard let id = FileNaming.stem(entry.name, endings: endings) else {
        if entry.name.hasPrefix(".") {
          listing.addHidden(folder, entry.name)
        } else {
          listing.add(
            path,
            ifUnused: .warning("not named as a file of its folder, <id>\(endings[0])"))
        }
        continue
      }
      if let other = paths[FileName(id)] {
        listing.errors.append(.ambiguous(dataset: dataset, id: id, paths: [other, path]))
      } else {
        paths[FileName(id)] = path
      }
    }
    return paths
  }

  private mutating func addUnused(others: Set<FileName>) {
    func meaning(_ id: FileName, _ what: String, isAlone: Bool = false) -> FoundFile.Meaning {
      if id.text.hasPrefix(".") { return .warning("hidden pictures") }
      if isAlone { return .warning("\(what) without an image") }
      return others.contains(id)
        ? .note("\(what) of the data set's other lists")
        : .warning("\(what) that no list of the data set names")
    }
    for (id, path) in images.sorted(by: { $0.key < $1.key }) {
      listing.add(path, ifUnused: meaning(id, "images"))
    }
    for (id, path) in masks.flatMap({ $0.sorted { $0.key < $1.key } }) {
      listing.add(
        path, with: images[id], ifUnused: meaning(id, "masks", isAlone: images[id] == nil))
    }
  }

  /// Identifiers of the lists that the split does not use: those of segmentation, and all of the other tasks'.
  private func otherLists(but own: String) throws(DatasetError) -> Set<FileName> {
    var paths: [String] = []
    let folder = "\(base)/ImageSets/Segmentation"
    do {
      paths = try Folder.contents(folder).entries.map { "\(folder)/\($0.name)" }
        .filter { $0.hasSuffix(".txt") && $0 != own }
    } catch {
      throw .folder(path: folder, reason: error.reason)
    }
    for task in VOCFiles.tasks {
      let path = "\(base)/ImageSets/\(task)/trainval.txt"
      if try exists(path) { paths.append(path) }
    }
    var ids: Set<FileName> = []
    for path in paths {
      for line in try ListFile(path).lines {
        // Action's lines go on with a person's number.
        ids.insert(FileName(line.text))
        if let first = IdentifierList.fields(line.text).first?.first { ids.insert(FileName(first)) }
      }
    }
    return ids
  }
}
