import Autograd
import Kernels
import Schemas
import Tensors
import TestSupport
import Testing

import Methods

/// Each term alone: its gradient by the student's features or logits against central differences of its value, along a
/// fixed direction and along the gradient itself.
@Suite(.serialized) struct TermDifferenceTests {
  private typealias Oracle = RivalOracleTests
  private typealias Result = (value: Double, gradient: [Float])

  private static func ofFeatures(
    _ features: Tensor, _ term: (Oracle.Rows) throws -> (output: Variable, value: Double, gradient: Tensor)
  ) throws -> Result {
    let rows = Oracle.Rows(features)
    let result = try term(rows)
    return (result.value, try rows.gradient(result.output, result.gradient))
  }

  private static let taughtRows = Tokens.from(map: Oracle.features("teacher"))

  private static func labels() throws -> [UInt8] {
    try Oracle.labels().nearest(height: Oracle.height, width: Oracle.width)
  }

  private static func evaluate(_ term: String, _ x: Tensor) throws -> Result {
    func ofLogits(_ result: (value: Double, gradient: Tensor)) -> Result {
      (result.value, result.gradient.values)
    }
    let taught = Oracle.logits("teacher")
    switch term {
    case "pair_wise":
      return try ofFeatures(x) { rows in
        let nodes = rows.pass.unitLength(rows.pass.tokens(rows.leaf))
        let result = PairWiseTerm.difference(nodes.value, UnitRows.forward(taughtRows).y, weight: 1)
        return (nodes, result.value, result.gradient)
      }
    case "intra_class_variation":
      let term = IntraClassVariationTerm(Parameters(kind: term, values: [:]), Oracle.setup())
      return try ofFeatures(x) { rows in
        let tokens = rows.pass.tokens(rows.leaf)
        let result = term.loss(tokens.value, taughtRows, try labels())
        return (tokens, result.value, result.gradient)
      }
    case "cross_image":
      let term = CrossImageTerm(
        Parameters(kind: term, values: ["temperature": .number(1)]), Oracle.setup())
      return try ofFeatures(x) { rows in
        let pixels = rows.pass.unitLength(rows.pass.tokens(rows.leaf))
        let result = term.loss(pixels.value, UnitRows.forward(taughtRows).y)
        return (pixels, result.value, result.gradient)
      }
    case "memory":
      let keys = UnitRows.forward(FillRule.symmetric("keys", [37, Oracle.teacherWidth], bound: 1)).y
      let anchors = try labels().enumerated().filter { $0.element != LabelMap.ignore }.map(\.offset)
      let adapter = Oracle.adapter().convolution
      return try ofFeatures(x) { rows in
        let projected = rows.pass.unitLength(rows.pass.tokens(adapter(rows.leaf, rows.pass)))
        let result = MemoryTerm.contrast(
          projected.value, UnitRows.forward(taughtRows).y, anchors: anchors, keys: keys, scale: 2,
          gain: 1 / Double(anchors.count))
        let gradient = Tensor(repeating: 0, shape: projected.shape)
        gradient.add(result.gradient, toRows: anchors)
        return (projected, result.sum / Double(anchors.count), gradient)
      }
    case "channel_wise":
      return ofLogits(ChannelWiseTerm.divergence(x, taught, temperature: 4, weight: 1))
    case "correlation":
      return ofLogits(CorrelationTerm.loss(x, taught, inter: 1, intra: 2))
    case "masked":
      let term = MaskedTerm(
        Parameters(kind: term, values: ["head": .string("main")]),
        Oracle.setup(products: ["tokens": StateDict([("tokens", Oracle.tokens())])]))
      return ofLogits(term.loss(x, taught))
    default: preconditionFailure("no term \(term)")
    }
  }

  @Test(arguments: [
    "pair_wise", "intra_class_variation", "cross_image", "memory", "channel_wise", "correlation", "masked",
  ])
  func centralDifferences(_ term: String) throws {
    let readsLogits = ["channel_wise", "correlation", "masked"].contains(term)
    let x = readsLogits ? Oracle.logits("student") : Oracle.features("student")
    let gradient = try Self.evaluate(term, x).gradient
    let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(norm > 1e-4, "\(term)")
    let fixed = FillRule.symmetric("direction of \(term)", x.shape, bound: 1).values.map(Double.init)
    for (name, direction) in [("fixed", fixed), ("gradient", gradient.map { Double($0) / norm })] {
      let length = direction.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
      let step = 0.05
      func value(_ sign: Double) throws -> Double {
        let values = zip(x.values, direction).map { Float(Double($0) + sign * step * $1 / length) }
        return try Self.evaluate(term, Tensor(values, shape: x.shape)).value
      }
      let slope = (try value(1) - value(-1)) / (2 * step)
      let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 } / length
      expectClose(slope, expected, tolerance: 3e-3 * norm, "\(term), \(name)")
    }
  }
}
