/// What the loss compares the prediction with. `labels/<name>.yaml`.
public struct LabelSpec: Equatable, Sendable {
  public let name: String
  public let kind: Kind

  public enum Kind: Equatable, Sendable {
    /// One-hot.
    case hard
    /// Boundary label smoothing (paper sec. 4.2): pixels whose `kernel` x `kernel` window (pixels, odd) holds
    /// another class give `epsilon` of their mass to all classes equally.
    case boundarySmoothing(kernel: Int, epsilon: Double)
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
      let kernelReader = try reader.required("kernel")
      let kernel = try kernelReader.int(3...63)
      if kernel % 2 == 0 { throw kernelReader.outOfRange("an odd integer, 3...63") }
      let epsilon = try reader.required("epsilon").number(.above(0, upTo: 1))
      kind = .boundarySmoothing(kernel: kernel, epsilon: epsilon)
    }
  }

  var json: JSONValue {
    switch kind {
    case .hard:
      return .object(["name": .string(name), "kind": .string(KindName.hard.rawValue)])
    case .boundarySmoothing(let kernel, let epsilon):
      return .object([
        "name": .string(name), "kind": .string(KindName.boundarySmoothing.rawValue), "kernel": .int(kernel),
        "epsilon": .number(epsilon),
      ])
    }
  }
}
