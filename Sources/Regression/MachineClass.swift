import JSON

/// What decides about bits besides spec, seed and numerics version: two machines of one class give the same.
public struct MachineClass: Codable, Equatable, Sendable {
  /// As the kernel names it.
  public let cpu: String
  /// Vendor, family, model and vector instructions, since virtual machines give many processors one name; nil in what was
  /// published without it.
  public let processor: String?
  /// Of each run.
  public let threads: Int
  /// Of the libraries that compute, by name; nil in what was published without them.
  public let versions: [String: String]?

  public init(cpu: String, processor: String?, threads: Int, versions: [String: String]?) {
    self.cpu = cpu
    self.processor = processor
    self.threads = threads
    self.versions = versions?.filter { MachineClass.libraries.contains($0.key) }
  }

  /// Whose versions change bits.
  private static let libraries = ["dnnl", "openblas"]

  /// Why numbers of this machine cannot be compared with those of another one; empty if they can. What one of the two does
  /// not know is not compared.
  /// - Parameter bits: whether bits are compared. For statistics another number of threads, or another version of a library,
  ///   is one more way of drawing the same distribution.
  public func differences(from reference: MachineClass, bits: Bool) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ own: String?, _ other: String?) {
      guard let own, let other, own != other else { return }
      found.append("\(what) is \(own), the reference's \(other)")
    }
    compare("cpu", cpu, reference.cpu)
    compare("processor", processor, reference.processor)
    guard bits else { return found }
    compare("the number of threads", String(threads), String(reference.threads))
    for name in MachineClass.libraries {
      compare("\(name)'s version", versions?[name], reference.versions?[name])
    }
    return found
  }
}
