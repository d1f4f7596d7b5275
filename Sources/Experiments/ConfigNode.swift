import JSON

/// A YAML document as a plain tree: what the strict reader walks. Canonical JSON is YAML too, so stored run
/// specs come through the same door as the experiment files.
indirect enum ConfigNode: Equatable, Sendable {
  /// `quoted` scalars are strings whatever they look like.
  case scalar(text: String, quoted: Bool)
  case sequence([ConfigNode])
  /// In file order.
  case mapping([Pair])

  struct Pair: Equatable, Sendable {
    let key: String
    var node: ConfigNode
  }

  /// - Parameter file: the name used in errors.
  /// - Throws: `RegistryError.syntax`, `.duplicateKey`.
  init(yaml text: String, file: String) throws(RegistryError) {
    // What a plain word means is the strict reader's business.
    self = try YAMLTree.node(of: text, file: file)
  }

  /// The tree that `yaml: value.canonical` would give.
  init(_ value: JSONValue) {
    switch value {
    case .null, .bool, .int, .number: self = .scalar(text: value.canonical, quoted: false)
    case .string(let text): self = .scalar(text: text, quoted: true)
    case .array(let items): self = .sequence(items.map { ConfigNode($0) })
    case .object(let members):
      self = .mapping(JSONValue.sorted(members).map { Pair(key: $0.key, node: ConfigNode($0.value)) })
    }
  }

  /// How a value is quoted in an error.
  var shown: String {
    switch self {
    case .scalar(let text, let quoted): return quoted ? "\"\(text)\"" : "'\(text)'"
    case .sequence(let items): return "a list of \(items.count)"
    case .mapping: return "a mapping"
    }
  }

  var isNull: Bool {
    if case .scalar(let text, false) = self { return text == "null" || text == "~" || text.isEmpty }
    return false
  }

  subscript(key: String) -> ConfigNode? {
    guard case .mapping(let pairs) = self else { return nil }
    return pairs.first { $0.key == key }?.node
  }

  /// This tree with the value at `path` replaced; nil when no such key exists.
  func replacing(_ path: ArraySlice<String>, with value: ConfigNode) -> ConfigNode? {
    guard let head = path.first else { return value }
    switch self {
    case .mapping(var pairs):
      guard let index = pairs.firstIndex(where: { $0.key == head }),
        let child = pairs[index].node.replacing(path.dropFirst(), with: value)
      else { return nil }
      pairs[index].node = child
      return .mapping(pairs)
    case .sequence(var items):
      guard let index = ListAddress.all(items.map(\.label))?.firstIndex(of: head),
        let child = items[index].replacing(path.dropFirst(), with: value)
      else { return nil }
      items[index] = child
      return .sequence(items)
    case .scalar: return nil
    }
  }

  /// What an element of a list goes by.
  var label: String? {
    for key in ListAddress.labelKeys {
      if case .scalar(let text, _) = self[key] { return text }
    }
    return nil
  }
}

/// How dotted keys name the elements of a list of mappings, such as `recipe.augmentation.random_scale.minimum`.
enum ListAddress {
  /// The keys of an element that it may go by, the first one that it has.
  static let labelKeys = ["name", "kind"]

  /// An element goes by its label, or by its index where another one has the same label.
  /// - Returns: nil when an element has no label, or there is none: such a list is one value.
  static func all(_ labels: [String?]) -> [String]? {
    let known = labels.compactMap { $0 }
    guard !labels.isEmpty, known.count == labels.count else { return nil }
    return known.enumerated().map { index, label in
      known.count { $0 == label } == 1 ? label : String(index)
    }
  }
}
