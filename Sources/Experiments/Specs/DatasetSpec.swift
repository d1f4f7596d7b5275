import JSON

/// A data set as it lies on disk. `datasets/<name>.yaml`.
public struct DatasetSpec: Equatable, Sendable {
  public let name: String
  public let format: Format
  /// Classes without the ignored one.
  public let classes: Int
  /// Folder under the data root, `/`-separated.
  public let folder: String
  public let trainSplit: String
  public let validationSplit: String
  public let labelSource: LabelSource

  public enum Format: String, CaseIterable, Sendable {
    case cityscapes
    case pascalVOC = "pascal_voc"
  }

  /// Which masks are the truth, in training and in validation.
  public enum LabelSource: String, CaseIterable, Sendable {
    /// The data set's own masks.
    case official
    /// The SBD mask where SBD has the image, else the official one: the authors' choice for PASCAL VOC,
    /// validation images included.
    case sbdFirst = "sbd_first"
  }

  init(_ reader: StrictReader, name: String) throws {
    let keys = ["format", "classes", "folder", "train_split", "validation_split", "label_source"]
    self.name = try reader.name(or: name, keys: keys)
    format = try reader.required("format").choice(Format.self)
    classes = try reader.required("classes").int(2...254)
    let folderReader = try reader.required("folder")
    folder = try folderReader.string()
    if folder.hasPrefix("/") || folder.split(separator: "/").contains("..") {
      throw folderReader.outOfRange("a path below the data root")
    }
    trainSplit = try reader.required("train_split").name()
    validationSplit = try reader.required("validation_split").name()
    labelSource = try reader.required("label_source").choice(LabelSource.self)
  }
}

/// The data of one run: the data set without its place on disk, plus what identifies its content.
public struct RunData: Equatable, Sendable {
  public let name: String
  public let format: DatasetSpec.Format
  public let classes: Int
  public let trainSplit: String
  public let validationSplit: String
  public let labelSource: DatasetSpec.LabelSource
  /// Names the content of the folder or of the embedded generator; two different contents never share one.
  public let fingerprint: String

  init(_ dataset: DatasetSpec, fingerprint: String) {
    name = dataset.name
    format = dataset.format
    classes = dataset.classes
    trainSplit = dataset.trainSplit
    validationSplit = dataset.validationSplit
    labelSource = dataset.labelSource
    self.fingerprint = fingerprint
  }

  init(_ reader: StrictReader) throws {
    try reader.allowOnly([
      "name", "format", "classes", "train_split", "validation_split", "label_source", "fingerprint",
    ])
    name = try reader.required("name").name()
    format = try reader.required("format").choice(DatasetSpec.Format.self)
    classes = try reader.required("classes").int(2...254)
    trainSplit = try reader.required("train_split").name()
    validationSplit = try reader.required("validation_split").name()
    labelSource = try reader.required("label_source").choice(DatasetSpec.LabelSource.self)
    fingerprint = try reader.required("fingerprint").string()
  }

  var json: JSONValue {
    .object([
      "name": .string(name), "format": .string(format.rawValue), "classes": .int(classes),
      "train_split": .string(trainSplit), "validation_split": .string(validationSplit),
      "label_source": .string(labelSource.rawValue), "fingerprint": .string(fingerprint),
    ])
  }
}
