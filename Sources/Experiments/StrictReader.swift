import JSON
import Schemas

/// A cursor on a `ConfigNode` that knows where it stands, so that every error names file, key path, value and
/// what was allowed. Nothing is coerced: `"8"` is not a number, `8` is not a string, `8.0` is not an integer.
struct StrictReader {
  let file: String
  let path: String
  let node: ConfigNode

  init(_ node: ConfigNode, file: String, path: String = "") {
    self.node = node
    self.file = file
    self.path = path
  }

  /// The path shown in errors: the root has no key of its own.
  private var shownPath: String { path.isEmpty ? "(top level)" : path }

  func wrongType(_ allowed: String) -> RegistryError {
    .wrongType(file: file, path: shownPath, value: node.shown, allowed: allowed)
  }

  func outOfRange(_ allowed: String) -> RegistryError {
    .outOfRange(file: file, path: shownPath, value: node.shown, allowed: allowed)
  }

  func inconsistent(_ reason: String) -> RegistryError {
    .inconsistent(file: file, path: shownPath, value: node.shown, reason: reason)
  }

  func brokenReference(_ name: String, allowed: [String]) -> RegistryError {
    .brokenReference(file: file, path: shownPath, value: name, allowed: allowed)
  }

  // MARK: Mappings and lists

  /// The keys of a mapping, in file order.
  func keys() throws -> [String] {
    guard case .mapping(let pairs) = node else { throw wrongType("a mapping") }
    return pairs.map(\.key)
  }

  /// Throws when the mapping has a key outside `allowed`.
  func allowOnly(_ allowed: [String]) throws {
    for key in try keys() where !allowed.contains(key) {
      throw RegistryError.unknownKey(file: file, path: child(key), allowed: allowed)
    }
  }

  /// The value of a key that must be there.
  func required(_ key: String) throws -> StrictReader {
    guard case .mapping = node else { throw wrongType("a mapping") }
    guard let value = node[key] else { throw RegistryError.missingKey(file: file, path: child(key)) }
    return StrictReader(value, file: file, path: child(key))
  }

  /// The value of a key that may be missing.
  func optional(_ key: String) -> StrictReader? {
    node[key].map { StrictReader($0, file: file, path: child(key)) }
  }

  /// The value of a key that must be there but may be `null`.
  func nullable(_ key: String) throws -> StrictReader? {
    let value = try required(key)
    return value.node.isNull ? nil : value
  }

  func list<Element>(_ read: (StrictReader) throws -> Element) throws -> [Element] {
    guard case .sequence(let items) = node else { throw wrongType("a list") }
    return try items.enumerated().map { try read(StrictReader($1, file: file, path: "\(path)[\($0)]")) }
  }

  /// A list of mappings, each at the path that an override gives it.
  func addressableList<Element>(_ read: (StrictReader) throws -> Element) throws -> [Element] {
    guard case .sequence(let items) = node, let addresses = ListAddress.all(items.map(\.label)) else {
      return try list(read)
    }
    return try zip(items, addresses).map { try read(StrictReader($0, file: file, path: child($1))) }
  }

  func nonEmptyList<Element>(_ read: (StrictReader) throws -> Element) throws -> [Element] {
    let items = try list(read)
    if items.isEmpty { throw outOfRange("a list of at least 1") }
    return items
  }

  /// The key path of a key of this mapping.
  func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  // MARK: Scalars

  func int(_ range: ClosedRange<Int>) throws -> Int {
    let allowed = "an integer, \(range.lowerBound)...\(range.upperBound)"
    guard case .scalar(let text, false) = node, StrictReader.isInteger(text), let value = Int(text) else {
      throw wrongType(allowed)
    }
    guard range.contains(value) else { throw outOfRange(allowed) }
    return value
  }

  func number(_ range: NumberRange) throws -> Double {
    guard case .scalar(let text, false) = node, StrictReader.isNumber(text), let value = Double(text),
      value.isFinite
    else { throw wrongType(range.text) }
    guard range.contains(value) else { throw outOfRange(range.text) }
    return value
  }

  /// A number as it is printed in the paper: trailing zeros are kept.
  func printedNumber() throws -> PrintedNumber {
    guard case .scalar(let text, false) = node, StrictReader.isNumber(text), let value = Double(text),
      value.isFinite
    else { throw wrongType("a number as printed, such as 77.00") }
    return PrintedNumber(text: text, value: value)
  }

  func bool() throws -> Bool {
    guard case .scalar(let text, false) = node, text == "true" || text == "false" else {
      throw wrongType("true or false")
    }
    return text == "true"
  }

  func string() throws -> String {
    guard case .scalar(let text, let quoted) = node, quoted || !StrictReader.isSpecial(text) else {
      throw wrongType("a string (quote it if it looks like a number)")
    }
    if text.isEmpty { throw outOfRange("a string that is not empty") }
    return text
  }

  /// Names become file names and parts of run ids.
  func name() throws -> String {
    let text = try string()
    guard text.utf8.allSatisfy(RunID.isNameByte) else { throw outOfRange("letters a-z, digits and _") }
    return text
  }

  /// One case of a closed enumeration, by its raw value.
  func choice<Choice>(_: Choice.Type) throws -> Choice
  where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
    let allowed = "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
    guard case .scalar(let text, _) = node else { throw wrongType(allowed) }
    guard let value = Choice(rawValue: text) else { throw outOfRange(allowed) }
    return value
  }

  private static func isInteger(_ text: String) -> Bool {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    return !digits.isEmpty && digits.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
  }

  /// Decimal notation only; `Double.init` would take `nan`, `inf` and hexadecimal as well.
  private static func isNumber(_ text: String) -> Bool {
    let body = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    guard let first = body.utf8.first, (first >= 48 && first <= 57) || first == 46 else { return false }
    return body.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || [43, 45, 46, 69, 101].contains($0) }
      && Double(text) != nil
  }

  private static func isSpecial(_ text: String) -> Bool {
    isNumber(text) || ["null", "~", "", "true", "false"].contains(text)
  }
}
