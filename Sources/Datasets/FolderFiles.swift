import Platform

/// What lies where two patterns look.
struct FolderFiles {
  /// Paths below the root by identifier.
  let images: [FileName: String]
  let labels: [FileName: String]
  /// Of images and of labels without an image, by the order of the bytes of the images' paths.
  let ids: [String]
  private(set) var listing: SplitListing
  private let root: String
  private let patterns: (images: FilePattern, labels: FilePattern?)
  /// Below the root, each once.
  private let paths: [String]
  private let unreachable: [(path: String, reason: String)]

  /// - Throws: `DatasetError.notFound` for a folder that is not there.
  init(
    root: String, images: FilePattern, labels: FilePattern?, namesMatter: Bool, dataset: String
  ) throws(DatasetError) {
    self.root = root
    patterns = (images, labels)
    for (what, pattern) in [("images", images)] + (labels.map { [("labels", $0)] } ?? []) {
      let path = FolderWalk.joined(root, pattern.folder)
      guard Folder.isFolder(path) else {
        throw .notFound(dataset: dataset, what: "folder of \(what) '\(pattern.text)'", tried: [path])
      }
    }
    let folders = [images.folder] + (labels.map { $0.folder == images.folder ? [] : [$0.folder] } ?? [])
    let walks = folders.map { FolderWalk(root, $0, namesMatter: namesMatter) }
    var listing = SplitListing()
    listing.base = root
    listing.known = Set(folders.map(FolderFiles.first))
    for walk in walks {
      for error in walk.listing.errors where !listing.errors.contains(error) { listing.errors.append(error) }
      listing.files += walk.listing.files
    }
    let found = images.files(walks[0].paths)
    let foundLabels = walks.last.flatMap { walk in labels.map { $0.files(walk.paths) } }
    for (id, paths) in found.ambiguous + (foundLabels?.ambiguous ?? []) {
      listing.errors.append(.ambiguous(dataset: dataset, id: id, paths: paths.map { "\(root)/\($0)" }))
    }
    func byID(_ files: [(id: String, path: String)]) -> [FileName: String] {
      Dictionary(files.map { (FileName($0.id), $0.path) }, uniquingKeysWith: { first, _ in first })
    }
    let imagePaths = byID(found.found)
    // A label without an image is an error of `load`, not an image less.
    let all =
      found.found
      + (foundLabels?.found ?? []).filter { imagePaths[FileName($0.id)] == nil }.map {
        (id: $0.id, path: images.path($0.id))
      }
    ids = all.sorted { FileName($0.path) < FileName($1.path) }.map(\.id)
    self.images = imagePaths
    self.labels = byID(foundLabels?.found ?? [])
    self.listing = listing
    paths = Set(walks.flatMap(\.paths).map { FileName($0) }).sorted().map(\.text)
    unreachable = walks.flatMap(\.unreachable)
  }

  /// What lines of a list may be.
  var forms: ListForms {
    func safe(_ id: String?) -> String? { id.flatMap { FolderFiles.refusal($0) == nil ? $0 : nil } }
    return ListForms(
      isKnown: { images[FileName($0)] != nil },
      image: { safe(patterns.images.identifier(of: $0)) },
      label: { text in safe(patterns.labels.flatMap { $0.identifier(of: text) }) },
      refusal: FolderFiles.refusal)
  }

  /// An identifier may run over folders, and leads nowhere else.
  static func refusal(_ id: String) -> String? {
    let parts = id.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) })
    else { return nil }
    return "it would leave the folder of images; allowed: what the * of the images' pattern stands for"
  }

  /// The first folder of a path, or its only name.
  static func first(_ path: String) -> String { String(path.prefix { $0 != "/" }) }

  /// Adds the files that no sample has.
  func completed(_ listing: SplitListing, _ samples: [SampleFiles]) -> SplitListing {
    var listing = listing
    var used: Set<FileName> = []
    for sample in samples {
      used.insert(FileName(sample.imagePath))
      if let label = sample.labelPath { used.insert(FileName(label)) }
    }
    // What is an error is not left out besides.
    var said: Set<FileName> = []
    for (path, reason) in unreachable where !used.contains(FileName("\(root)/\(path)")) {
      // A name without an ending may have been a folder of images.
      if FileNaming.last(path).contains(".") { continue }
      listing.errors.append(.folder(path: "\(root)/\(path)", reason: reason))
      said.insert(FileName(path))
    }
    for path in paths where !said.contains(FileName(path)) {
      if patterns.images.identifier(of: path) != nil {
        listing.add("\(root)/\(path)", ifUnused: .warning("images of no split"))
      } else if patterns.labels?.identifier(of: path) != nil {
        listing.add("\(root)/\(path)", ifUnused: .warning("labels of no split"))
      } else {
        listing.add(
          "\(root)/\(path)",
          ifUnused: .warning(
            FileNaming.isPicture(path)
              ? "pictures that fit no pattern of the data set" : "neither images nor labels"))
      }
    }
    return listing
  }
}
