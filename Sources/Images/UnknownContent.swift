/// What a file that is no picture seems to be, and what to do about it.
enum UnknownContent {
  static func description(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "the file is empty: copy it again" }
    func begins(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    if begins("version https://git-lfs.github.com") {
      return "a Git LFS pointer in the place of a picture: fetch the files with 'git lfs pull'"
    }
    if begins("<!DOCTYPE") || begins("<!doctype") || begins("<html") || begins("<HTML") {
      return "a web page in the place of a picture: the download has failed"
    }
    for (magic, name) in known where bytes.starts(with: magic) { return "\(name); allowed: PNG and JPEG" }
    let sample = bytes.prefix(512)
    if sample.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 9 || $0 == 10 || $0 == 13 }) {
      return
        "a text file in the place of a picture, which begins with '\(String(decoding: sample.prefix(24), as: UTF8.self))'"
    }
    return "neither a PNG nor a JPEG"
  }

  private static let known: [([UInt8], String)] = [
    (Array("GIF8".utf8), "a GIF"), (Array("BM".utf8), "a BMP"), (Array("RIFF".utf8), "a WebP"),
    ([0x49, 0x49, 0x2A, 0x00], "a TIFF"), ([0x4D, 0x4D, 0x00, 0x2A], "a TIFF"),
    (Array("\u{1F}".utf8) + [0x8B], "a gzip archive"), (Array("PK".utf8), "a zip archive"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
  ]
}
