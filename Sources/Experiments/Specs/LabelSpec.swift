import JSON

/// What the loss compares the prediction with. `labels/<name>.yaml`.
public struct LabelSpec: Equatable, Sendable {
  public let name: String
  public let kind: Kind

  public enum Kind: Equatable, Sendable {
    /// One-hot.
    case hard
    /// Boundary label smoothing (paper sec. 4.2): pixels whose `kernel` x `kernel` window (pixels, odd) holds
    /// another class give `epsilon` of their mass to all classes equally. nil, `infinity` in files: all
    /// labelled pixels do, which is plain label smoothing.
    case boundarySmoothing(kernel: Int?, epsilon: Double)
  }

  private enum KindName: String, CaseIterable {
    case hard
    case boundarySmoothing = "boundary_smoothing"
  }

  init(_ reader: StrictReader, name: String?) throws {
    switch try reader.required("kind").choice(KindName.self) {
    case .hard:
      self.name = try reader.name(or: name, keys: ["kind"])
      kind = .hard
    case .boundarySmoothing:
      self.name = try reader.name(or: name, keys: ["kind", "kernel", "epsilon"])
      let kernel = try LabelSpec.kernel(try reader.required("kernel"))
      let epsilon = try reader.required("epsilon").number(.above(0, upTo: 1))
      kind = .boundarySmoothing(kernel: kernel, epsilon: epsilon)
    }
  }

  private static func kernel(_ reader: StrictReader) throws -> Int? {
    let allowed = "an odd integer, 3...8191, or infinity"
    if case .scalar("infinity", _) = reader.node { return nil }
    guard case .scalar(let text, false) = reader.node, Int(text) != nil else {
      throw reader.wrongType(allowed)
    }
    guard let kernel = try? reader.int(3...8191), kernel % 2 == 1 else { throw reader.outOfRange(allowed) }
    return kernel
  }

  var json: JSONValue {
    switch kind {
    case .hard:
      return .object(["name": .string(name), "kind": .string(KindName.hard.rawValue)])
    case .boundarySmoothing(let kernel, let epsilon):
      return .object([
        "name": .string(name), "kind": .string(KindName.boundarySmoothing.rawValue),
        "kernel": kernel.map { .int($0) } ?? .string("infinity"),
        "epsilon": .number(epsilon),
      ])
    }
  }
}
