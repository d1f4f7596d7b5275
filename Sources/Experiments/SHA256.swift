import CCrypto

/// SHA-256 (FIPS 180-4) by libcrypto.
public enum SHA256 {
  /// 64 lower-case hexadecimal digits of the digest of `text` in UTF-8.
  public static func hexDigest(of text: String) -> String {
    hexDigest(of: Array(text.utf8))
  }

  /// 64 lower-case hexadecimal digits of the digest of `bytes`.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let status = EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
    // The arguments are always valid: only a libcrypto without SHA-256 could refuse.
    precondition(status == 1 && length == 32, "EVP_Digest: libcrypto refused SHA-256")
    let hex = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [hex[Int($0 >> 4)], hex[Int($0 & 15)]] }, as: UTF8.self)
  }
}
