import JSON

/// Which training images keep their labels. `labelled/<name>.yaml`.
///
/// Publications name their images in a list; where there is none, as with embedded pictures, the same share of the images at
/// hand is drawn. Either is part of the run ids, whichever a run uses.
public struct LabelledSpec: Equatable, Sendable {
  public let name: String
  /// Labelled images, of `of` training images: `images / of` is the share that is drawn.
  public let images: Int
  public let of: Int
  /// Of the draw.
  public let seed: Int
  /// nil: labelled images are drawn from any data.
  public let list: List?

  /// A text file of identifiers.
  public struct List: Equatable, Sendable {
    /// Below the data set's folder.
    public let path: String
    /// The first digits of the list's SHA-1, 12 to 40 of them, lower case.
    public let sha1: String
  }

  static let keys = ["images", "of", "seed", "list", "sha1"]

  /// - Parameter name: nil when `reader` is a stored run, which has the name as a key.
  init(_ reader: StrictReader, name: String?) throws {
    self.name = try reader.name(or: name, keys: LabelledSpec.keys)
    of = try reader.required("of").int(2...100_000_000)
    images = try reader.required("images").int(1...of - 1)
    seed = try reader.required("seed").int(0...Int(Int32.max))
    switch (reader.optional("list"), reader.optional("sha1")) {
    case (nil, nil): list = nil
    case (let path?, let digits?):
      list = List(path: try path.relativePath(), sha1: try LabelledSpec.digits(digits))
    case (.some, nil): throw RegistryError.missingKey(file: reader.file, path: reader.child("sha1"))
    case (nil, .some): throw RegistryError.missingKey(file: reader.file, path: reader.child("list"))
    }
  }

  private static func digits(_ reader: StrictReader) throws -> String {
    let text = try reader.string()
    guard (12...40).contains(text.utf8.count),
      text.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) })
    else { throw reader.outOfRange("12 to 40 lower-case hexadecimal digits") }
    return text
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "images": .int(images), "of": .int(of), "seed": .int(seed),
    ]
    if let list {
      members["list"] = .string(list.path)
      members["sha1"] = .string(list.sha1)
    }
    return .object(members)
  }
}
