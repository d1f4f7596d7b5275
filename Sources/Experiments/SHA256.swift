import CCrypto

/// SHA-256 (FIPS 180-4) by libcrypto.
public enum SHA256 {
  /// 64 lower-case hexadecimal digits of the digest of `text` in UTF-8.
  public static func hexDigest(of text: String) -> String {
    hexDigest(of: Array(text.utf8))
  }

  /// 64 lower-case hexadecimal digits of the digest of `bytes`.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    Digest.hex(of: bytes, EVP_sha256(), length: 32)
  }
}

/// SHA-1 (FIPS 180-4) by libcrypto: for lists that publications name by it, and for nothing that has to be safe.
public enum SHA1 {
  /// 40 lower-case hexadecimal digits of the digest of `text` in UTF-8.
  public static func hexDigest(of text: String) -> String {
    Digest.hex(of: Array(text.utf8), EVP_sha1(), length: 20)
  }
}

private enum Digest {
  static func hex(of bytes: [UInt8], _ algorithm: OpaquePointer?, length: Int) -> String {
    var digest = [UInt8](repeating: 0, count: length)
    var written: UInt32 = 0
    let status = EVP_Digest(bytes, bytes.count, &digest, &written, algorithm, nil)
    // The arguments are always valid: only a libcrypto without the algorithm could refuse.
    precondition(
      status == 1 && written == length, "EVP_Digest: libcrypto refused a digest of \(length) bytes")
    let hex = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [hex[Int($0 >> 4)], hex[Int($0 & 15)]] }, as: UTF8.self)
  }
}
