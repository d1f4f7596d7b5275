/// The identity of a run: a readable slug and the first 16 hexadecimal digits of the SHA-256 of its canonical
/// spec, for instance `cityscapes-deeplabv3_resnet18d-ce_jml-jml_kd-s0-3f2a9c0d51be7746`. It is also the
/// run's folder name.
public struct RunID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let text: String

  /// - Returns: nil unless `text` is a slug of `a-z 0-9 _ -`, a dash and 16 lower-case hexadecimal digits.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count >= 2, let digest = parts.last, digest.count == 16,
      digest.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }),
      parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(RunID.isNameByte) })
    else { return nil }
    self.text = text
  }

  init(slug: String, canonicalJSON: String) {
    text = "\(slug)-\(SHA256.hexDigest(of: canonicalJSON).prefix(16))"
  }

  /// The first 8 digits of the hash: enough to find a run by eye.
  public var short: String { String(text.suffix(16).prefix(8)) }

  public var description: String { text }

  public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }

  static func isNameByte(_ byte: UInt8) -> Bool {
    (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte == 95
  }
}
