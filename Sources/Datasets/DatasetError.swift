import Foundation
import Images

/// What can be wrong with a folder of images and labels. Every case names the file or folder.
public enum DatasetError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// A folder or list file of the layout is not there; `tried` are the places looked at.
  case notFound(dataset: String, what: String, tried: [String])
  /// The split has no images; `path` is where they would be listed or lie, if known.
  case emptySplit(dataset: String, path: String?)
  /// A folder cannot be read, or may not be what it is; `reason` is the system's.
  case folder(path: String, reason: String)
  /// A file whose name is not UTF-8; what is not is replaced in `path`.
  case undecodableName(path: String)
  /// Two paths of one folder, whose images would be used twice.
  case sameFolder(paths: [String])
  /// An image of two splits of a data set.
  case inTwoSplits(id: String, path: String, datasets: [String])
  /// Two image files of one identifier and the same bytes, in two splits.
  case copied(id: String, paths: [String])
  /// A list file has a line that is not one identifier.
  case badList(path: String, line: Int, text: String, reason: String)
  /// A list file that is no text.
  case badListText(path: String, reason: String)
  /// Two files of one identifier.
  case ambiguous(dataset: String, id: String, paths: [String])
  /// A list file has an identifier twice.
  case repeatedIdentifier(path: String, line: Int, id: String)
  /// A list file has no identifier.
  case emptyList(path: String)
  /// A list file has an identifier that is none of the split's `samples`.
  case unknownIdentifier(path: String, line: Int, id: String, samples: Int)
  /// A list of labelled samples leaves none of the split without labels.
  case allLabelled(path: String, samples: Int)
  /// The data set is too small for its folds.
  case tooFewForFolds(dataset: String, samples: Int, count: Int, size: Int)
  /// Stages of augmentation in an order that is not done.
  case augmentation(found: [String], reason: String)
  /// A label without its image; an image that a list names and that is not there. `hint` names what almost is.
  case missingImage(path: String, label: String?, hint: String? = nil)
  /// An image without its label.
  case missingLabel(path: String, image: String, hint: String? = nil)
  /// Sizes are height x width, pixels, of the image as it is stored; `orientation` is its EXIF data's.
  case sizeMismatch(
    image: String, imageSize: [Int], orientation: ImageOrientation?, label: String, labelSize: [Int])
  /// A label value that is neither a class nor 255. `x`, `y` is the first such pixel.
  case labelValue(path: String, value: Int, x: Int, y: Int, allowed: String, hint: String?)
  /// An image file that cannot be read.
  case image(ImageError)
  /// A file that was written to, or went, after the data set was checked.
  case changed(path: String)
  /// Fewer samples than one batch needs.
  case fewerSamplesThanBatch(dataset: String, samples: Int, batchSize: Int)
  /// The embedded data could not be written.
  case writing(path: String, reason: String)

  public var description: String {
    switch self {
    case .notFound(let dataset, let what, let tried):
      return "\(dataset): \(what) not found; looked at \(tried.joined(separator: ", "))"
    case .emptySplit(let dataset, let path):
      return "\(dataset): the split has no images" + (path.map { " in \($0)" } ?? "")
    case .folder(let path, let reason): return "\(path): cannot be read: \(reason)"
    case .undecodableName(let path): return "\(path): the name is not UTF-8; rename it"
    case .sameFolder(let paths):
      return
        "\(paths.joined(separator: " and ")) are one folder, whose images would be used twice; remove one"
    case .inTwoSplits(let id, let path, let datasets):
      return
        "\(path): the image of '\(id)' is in \(datasets.joined(separator: " and in ")); allowed: in one of them"
    case .copied(let id, let paths):
      return
        "\(paths.joined(separator: " and ")): the same image in two splits, '\(id)' by name and byte; allowed: in one "
        + "of them"
    case .badList(let path, let line, let text, let reason):
      return
        "\(path):\(line): '\(text)' is not an image identifier, one of which a line is allowed: \(reason)"
    case .badListText(let path, let reason): return "\(path): the list cannot be read: \(reason)"
    case .ambiguous(let dataset, let id, let paths):
      return "\(dataset): '\(id)' may be any of \(paths.joined(separator: ", ")); allowed: one"
    case .repeatedIdentifier(let path, let line, let id):
      return "\(path):\(line): '\(id)' stands twice; allowed: once"
    case .emptyList(let path): return "\(path): no image identifier; allowed: at least one, one a line"
    case .unknownIdentifier(let path, let line, let id, let samples):
      return
        "\(path):\(line): '\(id)' is not in the split; allowed: an identifier of one of its \(samples) samples, alone "
        + "or as the name of the line's first file"
    case .allLabelled(let path, let samples):
      return
        "\(path): all \(samples) samples of the split are listed as labelled; allowed: at most \(samples - 1), "
        + "since the others are the unlabelled ones"
    case .tooFewForFolds(let dataset, let samples, let count, let size):
      return
        "\(dataset): \(count) folds of \(size) validation images need \(count * size) images, and there are "
        + "\(samples); a profile's fold_size may be smaller"
    case .augmentation(let found, let reason):
      return
        "augmentation [\(found.joined(separator: ", "))]: \(reason); allowed: random_scale, random_flip, "
        + "random_crop in this order, random_crop always, the others at most once; random_long_side may stand "
        + "in the place of random_scale"
    case .missingImage(let path, let label, let hint):
      return "\(path): image is missing" + (label.map { " for label \($0)" } ?? "")
        + (hint.map { " (\($0))" } ?? "")
    case .missingLabel(let path, let image, let hint):
      return "\(path): label is missing for image \(image)" + (hint.map { " (\($0))" } ?? "")
    case .sizeMismatch(let image, let imageSize, let orientation, let label, let labelSize):
      return
        "\(label): label is \(labelSize.map(String.init).joined(separator: "x")), but its image \(image) is "
        + "\(imageSize.map(String.init).joined(separator: "x")) (height x width)"
        + (orientation.map(PictureRemarks.mismatch) ?? "")
    case .labelValue(let path, let value, let x, let y, let allowed, let hint):
      return "\(path): label value \(value) at x \(x), y \(y); allowed: \(allowed)"
        + (hint.map { " (\($0))" } ?? "")
    case .image(let error): return error.description
    case .changed(let path):
      return "\(path): it was changed after the data was checked; what has been learned so far is kept"
    case .fewerSamplesThanBatch(let dataset, let samples, let batchSize):
      return "\(dataset): \(samples) samples are fewer than one batch of \(batchSize)"
    case .writing(let path, let reason): return "\(path): cannot write: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
