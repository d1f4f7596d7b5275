/// ECMAScript's number-to-text rule (ECMA-262, Number::toString), which RFC 8785 prescribes: the shortest
/// digits that read back to the same double; plain notation from 1e-6 up to 1e21, exponent notation outside.
public enum CanonicalNumber {
  /// - Parameter value: finite.
  public static func text(_ value: Double) -> String {
    precondition(value.isFinite, "CanonicalNumber: \(value) has no JSON")
    if value == 0 { return "0" }
    if value < 0 { return "-" + text(-value) }
    // Swift prints the shortest round-trip digits; only their arrangement differs.
    let parts = value.description.split(separator: "e", omittingEmptySubsequences: false)
    let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = Substring(mantissa[0])
    let fraction = mantissa.count == 2 ? mantissa[1] : ""
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    var digits = all.dropFirst(leading)
    while digits.last == "0" { digits.removeLast() }
    // value = 0.digits * 10^point
    let point = whole.count + exponent - leading
    let count = digits.count
    if count <= point && point <= 21 { return digits + String(repeating: "0", count: point - count) }
    if 0 < point && point <= 21 { return digits.prefix(point) + "." + digits.dropFirst(point) }
    if -6 < point && point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
    let power = point - 1
    let tail = count > 1 ? "." + digits.dropFirst() : ""
    return digits.prefix(1) + tail + "e" + (power < 0 ? "-" : "+") + String(abs(power))
  }
}
