import JSON

/// A data set as it lies on disk. `datasets/<name>.yaml`.
public struct DatasetSpec: Equatable, Sendable {
  public let name: String
  /// Folder under the data root, `/`-separated.
  public let folder: String
  public let content: DatasetContent
  /// Names of the classes of a folder data set; nil where the layout or a number of classes says them.
  public let classNames: [String]?
  /// What the embedded generator draws for a folder data set; nil: nothing, or the layout says it.
  public let embedded: EmbeddedScenes?

  /// The key of a profile's values for data sets that it does not name.
  static let reservedName = "default"

  public var classes: Int { content.classes }

  init(_ reader: StrictReader, name: String) throws {
    self.name = try reader.name(or: name, keys: DatasetContent.keys(reader) + ["folder", "embedded"])
    guard name != DatasetSpec.reservedName else {
      throw RegistryError.inconsistent(
        file: reader.file, path: "(name)", value: name,
        reason: "profiles use this name for data sets they do not name")
    }
    folder = try reader.required("folder").relativePath()
    content = try DatasetContent(reader)
    if case .folders = content.layout {
      classNames = try ClassList(try reader.required("classes")).names
      embedded = try reader.optional("embedded")?.choice(EmbeddedScenes.self)
    } else {
      classNames = nil
      embedded = nil
      if let given = reader.optional("embedded") {
        throw given.inconsistent("the layout says what is drawn; this key goes with layout folders")
      }
    }
  }

  private init(_ spec: DatasetSpec, content: DatasetContent) {
    name = spec.name
    folder = spec.folder
    classNames = spec.classNames
    embedded = spec.embedded
    self.content = content
  }

  /// The data set as a profile uses it: with smaller folds, if the profile says so.
  public func scaled(by profile: ProfileDataset?) -> DatasetSpec {
    guard let size = profile?.foldSize, case .folders(var layout) = content.layout,
      case .folds(let count, _) = layout.split
    else { return self }
    layout.split = .folds(count: count, size: size)
    return DatasetSpec(self, content: DatasetContent(layout: .folders(layout), classes: classes))
  }

  /// What decides which files are read and what they mean, and how classes are called: equal texts, equal checks of
  /// equal files.
  public var meaning: String {
    var members = content.json
    members["class_names"] = classNames.map { .array($0.map { .string($0) }) } ?? .null
    return JSONValue.object(members).canonical
  }
}

/// Embedded pictures that a folder data set can be read from. They lie as the named data set does on disk, and the
/// patterns of the experiment file must be that data set's.
public enum EmbeddedScenes: String, CaseIterable, Sendable {
  /// As ADE20K: rooms and landscapes.
  case indoorOutdoor = "indoor_outdoor"
  /// As DeepGlobe Land Cover: land from above.
  case landCover = "land_cover"
}

/// Everything of a data set that decides what a run sees, but for the files' bytes: part of the run id.
public struct DatasetContent: Equatable, Sendable {
  public let layout: DatasetLayout
  /// Classes without the ignored one.
  public let classes: Int

  /// Folds of cross-validation; nil: the data set has one split.
  public var folds: (count: Int, size: Int)? {
    guard case .folders(let layout) = layout, case .folds(let count, let size) = layout.split else {
      return nil
    }
    return (count, size)
  }

  init(layout: DatasetLayout, classes: Int) {
    self.layout = layout
    self.classes = classes
  }

  /// The keys of the layout that `reader` names.
  static func keys(_ reader: StrictReader) throws -> [String] {
    let kind = try reader.required("layout").choice(DatasetLayout.Kind.self)
    return ["layout", "classes"] + kind.keys
  }

  /// Reads the keys of `keys(_:)`; the caller rejects others.
  init(_ reader: StrictReader) throws {
    let classReader = try reader.required("classes")
    let kind = try reader.required("layout").choice(DatasetLayout.Kind.self)
    switch kind {
    case .cityscapes:
      classes = try classReader.int(2...254)
      layout = .cityscapes(try NamedSplit(reader))
    case .pascalVOC:
      classes = try classReader.int(2...254)
      layout = .pascalVOC(
        try NamedSplit(reader), try reader.required("label_source").choice(DatasetLayout.LabelSource.self))
    case .folders:
      classes = try ClassList(classReader).count
      layout = .folders(try FolderLayout(reader, classes: classes))
    }
  }

  var json: [String: JSONValue] {
    var members: [String: JSONValue] = ["classes": .int(classes), "layout": .string(layout.kind.rawValue)]
    func add(_ split: NamedSplit) {
      members["train_split"] = .string(split.train)
      members["validation_split"] = .string(split.validation)
    }
    switch layout {
    case .cityscapes(let split): add(split)
    case .pascalVOC(let split, let source):
      add(split)
      members["label_source"] = .string(source.rawValue)
    case .folders(let layout): members.merge(layout.json) { $1 }
    }
    return members
  }
}

/// How a data set's files are arranged.
public enum DatasetLayout: Equatable, Sendable {
  case cityscapes(NamedSplit)
  case pascalVOC(NamedSplit, LabelSource)
  case folders(FolderLayout)

  enum Kind: String, CaseIterable {
    case cityscapes
    case pascalVOC = "pascal_voc"
    case folders

    var keys: [String] {
      switch self {
      case .cityscapes: NamedSplit.keys
      case .pascalVOC: NamedSplit.keys + ["label_source"]
      case .folders: FolderLayout.keys
      }
    }
  }

  var kind: Kind {
    switch self {
    case .cityscapes: .cityscapes
    case .pascalVOC: .pascalVOC
    case .folders: .folders
    }
  }

  /// Which masks are the truth, in training and in validation.
  public enum LabelSource: String, CaseIterable, Sendable {
    /// The data set's own masks.
    case official
    /// The SBD mask where SBD has the image, else the official one: the authors' choice for PASCAL VOC,
    /// validation images included.
    case sbdFirst = "sbd_first"
    /// `sbdFirst` in training, `official` in validation: what most other papers do.
    case officialValidation = "official_validation"
  }
}

/// Splits of a layout that names its own.
public struct NamedSplit: Equatable, Sendable {
  public let train: String
  public let validation: String

  static let keys = ["train_split", "validation_split"]

  init(_ reader: StrictReader) throws {
    train = try reader.required("train_split").name()
    validation = try reader.required("validation_split").name()
  }
}

/// The data of one run: the data set without its place on disk, plus what identifies its content.
public struct RunData: Equatable, Sendable {
  public let name: String
  public let content: DatasetContent
  /// Names the content of the folder or of the embedded generator; two different contents never share one.
  public let fingerprint: String

  public var classes: Int { content.classes }

  init(_ dataset: DatasetSpec, fingerprint: String) {
    name = dataset.name
    content = dataset.content
    self.fingerprint = fingerprint
  }

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["name", "fingerprint"] + DatasetContent.keys(reader))
    name = try reader.required("name").name()
    content = try DatasetContent(reader)
    fingerprint = try reader.required("fingerprint").string()
  }

  var json: JSONValue {
    var members = content.json
    members["name"] = .string(name)
    members["fingerprint"] = .string(fingerprint)
    return .object(members)
  }
}

/// `classes` of a folder data set: a list of names, or their number.
private struct ClassList {
  let count: Int
  let names: [String]?

  init(_ reader: StrictReader) throws {
    let allowed = "an integer, 2...254, or a list of 2 to 254 class names"
    switch reader.node {
    case .sequence:
      let names = try reader.list { try $0.string() }
      guard (2...254).contains(names.count) else { throw reader.outOfRange(allowed) }
      guard Set(names).count == names.count else { throw reader.inconsistent("a class stands twice") }
      self.names = names
      count = names.count
    case .scalar:
      count = try reader.int(2...254)
      names = nil
    case .mapping: throw reader.wrongType(allowed)
    }
  }
}

extension StrictReader {
  /// A path below the folder that it is meant in.
  func relativePath() throws -> String {
    let text = try string()
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if text.hasPrefix("/") || parts.contains("..") || text.contains("\0") {
      throw outOfRange("a path below the data root")
    }
    return text
  }
}
