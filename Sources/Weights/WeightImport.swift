import Foundation
import Models
import Tensors

/// Every name of a weight file and of a model, accounted for.
public struct WeightImport {
  /// What of the model a file is to fill.
  public enum Scope: String, Sendable, CaseIterable {
    /// The backbone, from an ImageNet network under its publisher's names, or out of a whole network.
    case backbone
    /// Everything, under the authors' names.
    case model
  }

  public struct Mismatch: Sendable, Equatable {
    public let name: String
    public let found: Shape
    public let expected: Shape
  }

  public let scope: Scope
  /// The model's names that the file fills.
  public let loaded: [String]
  /// The file's names that are known to have no place in the model, or were allowed.
  public let ignored: [String]
  /// The model's names that the file lacks, apart from allowed ones.
  public let missing: [String]
  /// The file's names that the model lacks.
  public let unexpected: [String]
  public let mismatched: [Mismatch]
  private let file: WeightFile
  private let network: KnownNetwork
  private let allowed: Set<String>
  private let parts: [(name: String, entries: [WeightFile.Entry])]

  /// A file with any name below the authors' backbone prefix is a whole model.
  public static func scope(of file: WeightFile) -> Scope {
    file.entries.contains { plainName($0.name).hasPrefix(ForeignNames.backbonePrefix) } ? .model : .backbone
  }

  /// Compares names and shapes; reads no values.
  ///
  /// - Parameter allowed: names, the file's or the model's, that may be left over, missing or of another shape.
  public init(
    _ file: WeightFile, into model: SegmentationModel, scope: Scope, allowing allowed: [String] = []
  ) {
    self.init(file, into: KnownNetwork("", model), scope: scope, allowing: Set(allowed))
  }

  init(_ file: WeightFile, into network: KnownNetwork, scope: Scope, allowing allowed: Set<String>) {
    let targets = network.tensors
      .filter { scope == .model || $0.name.hasPrefix(ForeignNames.backbonePrefix) }
    let shapes = Dictionary(targets.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    // A whole network has its decoder and heads besides.
    let others = ["method.", "head.", "aux_conv.", "aux_head."]
    let isWhole = WeightImport.scope(of: file) == .model
    let extras = Set(scope == .backbone ? ForeignNames.classifier(of: network.backbone) : [])
    func isKnownExtra(_ name: String) -> Bool {
      if ForeignNames.isCounter(name) || allowed.contains(name) { return true }
      guard scope == .backbone else { return false }
      return isWhole
        ? others.contains { WeightImport.plainName(name).hasPrefix($0) } : extras.contains(name)
    }

    var sources: [String: [(part: Int, entry: WeightFile.Entry)]] = [:]
    var ignored: [String] = []
    var unexpected: [String] = []
    for entry in file.entries {
      let (name, part) = WeightImport.target(of: entry.name, scope: scope)
      if shapes[name] != nil {
        sources[name, default: []].append((part, entry))
      } else if isKnownExtra(entry.name) {
        ignored.append(entry.name)
      } else {
        unexpected.append(entry.name)
      }
    }
    var missing: [String] = []
    var mismatched: [Mismatch] = []
    var parts: [(String, [WeightFile.Entry])] = []
    for (name, expected) in targets {
      guard let found = sources[name] else {
        if !allowed.contains(name) { missing.append(name) }
        continue
      }
      let entries = found.sorted { $0.part < $1.part }.map(\.entry)
      let shape = WeightImport.stacked(entries.map(\.shape))
      if shape == expected {
        parts.append((name, entries))
      } else if allowed.contains(name) || entries.contains(where: { allowed.contains($0.name) }) {
        ignored += entries.map(\.name)
      } else {
        mismatched.append(Mismatch(name: name, found: shape ?? entries[0].shape, expected: expected))
      }
    }
    self.scope = scope
    self.file = file
    self.network = network
    self.allowed = allowed
    self.ignored = ignored.sorted()
    self.unexpected = unexpected
    self.missing = missing
    self.mismatched = mismatched
    self.parts = parts
    loaded = parts.map(\.0)
  }

  /// One line for each kind of problem, with its count and the first names; empty when the file fits.
  public var problems: [String] {
    var problems: [String] = []
    if !missing.isEmpty { problems.append("\(missing.count) missing: \(ShortList.text(missing))") }
    if !unexpected.isEmpty {
      problems.append("\(unexpected.count) unexpected: \(ShortList.text(unexpected))")
    }
    if !mismatched.isEmpty {
      let list = mismatched.prefix(4).map {
        "\(ShortList.shortened($0.name)) \(ShortList.shortened("\($0.found)")), expected \($0.expected)"
      }
      problems.append("\(mismatched.count) of another shape: \(ShortList.text(list, of: mismatched.count))")
    }
    return problems
  }

  /// Overwrites the model's tensors. Nothing is changed when something does not fit or is not finite.
  ///
  /// - Parameters:
  ///   - name: the network's, for errors.
  ///   - others: networks that a whole model which does not fit may be of; they are made only then.
  /// - Throws: `WeightsError`.
  public func apply(
    to model: SegmentationModel, named name: String, others: [() -> KnownNetwork] = []
  ) throws(WeightsError) {
    let problems = problems
    guard problems.isEmpty else {
      let misfit = WeightMisfit(file: file, network: network, plan: self, allowed: allowed)
      throw .doesNotFit(path: file.path, model: name, cause: misfit.cause(others: others), problems: problems)
    }
    var values = StateDict()
    for (name, entries) in parts {
      var tensors: [Tensor] = []
      for entry in entries { tensors.append(try file.tensor(entry)) }
      values.add(name, WeightImport.joined(tensors))
    }
    model.assign(values)
  }

  private static func plainName(_ name: String) -> String {
    // Models wrapped for several processes.
    name.hasPrefix("module.") ? String(name.dropFirst("module.".count)) : name
  }

  private static func target(of name: String, scope: Scope) -> (name: String, part: Int) {
    let plain = plainName(name)
    switch scope {
    case .model: return (plain, 0)
    case .backbone:
      if plain.hasPrefix(ForeignNames.backbonePrefix) { return (plain, 0) }
      let (translated, part) = ForeignNames.translated(plain)
      return (ForeignNames.backbonePrefix + translated, part)
    }
  }

  /// The shape of tensors one below the other; nil when they do not fit.
  private static func stacked(_ shapes: [Shape]) -> Shape? {
    guard shapes.count > 1 else { return shapes.first }
    guard shapes.allSatisfy({ $0.rank > 0 && $0.dimensions.dropFirst() == shapes[0].dimensions.dropFirst() })
    else { return nil }
    return Shape([shapes.reduce(0) { $0 + $1[0] }] + shapes[0].dimensions.dropFirst())
  }

  private static func joined(_ tensors: [Tensor]) -> Tensor {
    guard tensors.count > 1, let shape = stacked(tensors.map(\.shape)) else { return tensors[0] }
    return Tensor(tensors.flatMap(\.values), shape: shape)
  }
}
