import Models
import Tensors

/// What it probably comes from that a file does not fit a network, as far as names and shapes tell.
struct WeightMisfit {
  let file: WeightFile
  let network: KnownNetwork
  /// The file into the network.
  let plan: WeightImport
  let allowed: Set<String>

  /// One clause with what to do about it, or nil.
  ///
  /// - Parameter others: networks to compare a whole model with; backbones are compared with all backbones.
  func cause(others: [() -> KnownNetwork]) -> String? {
    if let classes = classCount(of: plan) {
      return
        "the file is of \(classes.found) classes and the network of \(classes.expected), and all else fits: "
        + "give --classes \(classes.found), or --allow for each of the classifier's tensors"
    }
    let best = bestPrefix()
    if let best, let fit = wholeFit(best.plan) { return advice(best.prefix, fit) }
    if let name = otherNetwork(file, others: others) { return "it fits \(name)" }
    if let best {
      if let name = otherNetwork(file.renamed(without: best.prefix), others: others) {
        return "with --strip-prefix '\(ShortList.shortened(best.prefix))' it fits \(name)"
      }
      if 2 * best.plan.loaded.count >= min(file.entries.count, network.tensors.count) {
        return advice(best.prefix, "\(best.plan.loaded.count) of its \(file.entries.count) tensors fit")
      }
    }
    return plan.loaded.isEmpty && plan.mismatched.isEmpty
      ? "no name of the file is one of the network's" : nil
  }

  private func advice(_ prefix: String, _ fit: String) -> String {
    let prefix = ShortList.shortened(prefix)
    return "without '\(prefix)' in front of its names \(fit): jml model import --strip-prefix '\(prefix)'"
  }

  /// In words that everything, or all but the classifiers, fits; nil where that is not so.
  private func wholeFit(_ plan: WeightImport) -> String? {
    if plan.problems.isEmpty { return "all of it fits" }
    return classCount(of: plan).map { "all of it fits but the classifiers, which are of \($0.found) classes" }
  }

  /// The classes of a file that fits but for its classifiers.
  private func classCount(of plan: WeightImport) -> (found: Int, expected: Int)? {
    guard plan.missing.isEmpty, plan.unexpected.isEmpty, let first = plan.mismatched.first,
      first.found.rank > 0
    else { return nil }
    let (found, expected) = (first.found[0], first.expected[0])
    let agree = plan.mismatched.allSatisfy {
      KnownNetwork.isClassifier($0.name) && $0.found.rank == $0.expected.rank && $0.found[0] == found
        && $0.expected[0] == expected && $0.found.dimensions.dropFirst() == $0.expected.dimensions.dropFirst()
    }
    return agree ? (found, expected) : nil
  }

  /// The beginning of names without which most tensors find a place, if that is more than with it.
  private func bestPrefix() -> (prefix: String, plan: WeightImport)? {
    let tried = WeightFile.commonPrefixes(plan.unexpected).map { prefix in
      let stripped = file.renamed(without: prefix)
      return (
        prefix: prefix,
        plan: WeightImport(
          stripped, into: network, scope: WeightImport.scope(of: stripped), allowing: allowed)
      )
    }
    func places(_ plan: WeightImport) -> Int { plan.loaded.count + plan.mismatched.count }
    let most = tried.map { places($0.plan) }.max() ?? 0
    // Of equals the first, which is the shortest: 'module.' is taken off anyway.
    return most > places(plan) ? tried.first { places($0.plan) == most } : nil
  }

  /// Names of networks that a file fits, and of how many classes where that is another number.
  private func otherNetwork(_ file: WeightFile, others: [() -> KnownNetwork]) -> String? {
    let scope = WeightImport.scope(of: file)
    var names: [String] = []
    func compare(_ other: KnownNetwork) {
      let plan = WeightImport(file, into: other, scope: scope, allowing: allowed)
      if plan.problems.isEmpty {
        names.append(other.name)
      } else if let classes = classCount(of: plan) {
        names.append("\(other.name) of \(classes.found) classes")
      }
    }
    switch scope {
    case .backbone: KnownNetwork.backbones.forEach(compare)
    case .model:
      for other in others {
        compare(other())
        MemoryPool.trim()
      }
    }
    guard !names.isEmpty else { return nil }
    return scope == .backbone
      ? "the backbone \(names.joined(separator: " and "))" : ShortList.text(names)
  }
}
