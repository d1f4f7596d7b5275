import Images

/// What deserves a look in pictures that are read all the same: one line a kind, however many pictures it is.
struct PictureRemarks {
  /// Pictures that a line names.
  private static let named = 5

  private var objected: [(id: String, remark: String)] = []
  private var turned: [(id: String, orientation: ImageOrientation)] = []

  mutating func add(_ id: String, remark: String?, orientation: ImageOrientation?) {
    if let remark { objected.append((id, remark)) }
    if let orientation, orientation != .upright { turned.append((id, orientation)) }
  }

  /// - Parameters:
  ///   - dataset: name and split.
  ///   - images: of the split.
  func lines(dataset: String, images: Int) -> [String] {
    var lines: [String] = []
    if !objected.isEmpty {
      lines.append(
        "\(dataset): \(objected.count) of \(images) images are whole, and were written wrongly: "
          + listed(objected.map { "'\($0.id)' (\($0.remark))" }))
    }
    if !turned.isEmpty {
      let kinds = ImageOrientation.allCases.compactMap { kind -> String? in
        let ids = turned.filter { $0.orientation == kind }.map { "'\($0.id)'" }
        return ids.isEmpty ? nil : "\(kind.rawValue) (\(kind.words)): \(ids.count), \(listed(ids))"
      }
      lines.append(
        "\(dataset): \(turned.count) of \(images) images have an EXIF orientation that turns or mirrors them for viewers; "
          + "they are read as they are stored, and labels have to lie over the stored pixels; orientation "
          + kinds.joined(separator: "; "))
    }
    return lines
  }

  private func listed(_ items: [String]) -> String {
    let more = items.count - PictureRemarks.named
    return items.prefix(PictureRemarks.named).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// What the size of a label that does not fit may come from.
  static func mismatch(_ orientation: ImageOrientation) -> String {
    guard orientation != .upright else { return "" }
    return
      "; the image's EXIF orientation is \(orientation.rawValue) (\(orientation.words)), and it is read as it is "
      + "stored: store its pixels upright (Pillow's ImageOps.exif_transpose, exiftran -a), or turn the label"
  }
}
