import Autograd
import Foundation
import HDF5
import JSON
import Kernels
import Layers
import Models
import Schemas
import Tensors
import TestSupport
import Testing
import Training

import Methods

/// distillation.h5 (Tests/Oracles/record_distillation.py): the rivals' terms by their formulas, with automatic
/// differentiation in double precision.
@Suite(.serialized) struct RivalOracleTests {
  static let (images, studentWidth, teacherWidth, classes, height, width) = (3, 10, 14, 6, 5, 7)

  static func features(_ owner: String) -> Tensor {
    FillRule.symmetric(
      "\(owner) features", [images, owner == "student" ? studentWidth : teacherWidth, height, width],
      bound: 1.5)
  }

  static func logits(_ owner: String) -> Tensor {
    FillRule.symmetric("\(owner) logits", [images, classes, height, width], bound: 3)
  }

  /// The student's features as unit rows on a tape.
  struct Rows {
    let pass = ForwardPass.training(seed: 0, iteration: 0)
    let leaf: Variable

    init(_ features: Tensor = RivalOracleTests.features("student")) {
      leaf =
        pass.tape?.leaf(features.converted(to: KernelRuntime.preferredLayout)) ?? Variable(constant: features)
    }

    func gradient(_ output: Variable, _ gradient: Tensor) throws -> [Float] {
      let gradients = try #require(pass.tape).backward([(output, gradient)], keeping: [leaf])
      return try #require(gradients[leaf: leaf]).converted(to: .plain).values
    }
  }

  private func compare(
    _ name: String, _ value: Double, _ gradient: [Float], by input: String = "s", tolerance: Float = 2e-6
  ) throws {
    let file = try Fixture.hdf5("distillation.h5", in: .module)
    expectClose(
      value, try file.attribute(double: "value", at: name), tolerance: 1e-6, relative: 2e-5, name)
    let expected = try file.floats("\(name)/grad_\(input)")
    let size = expected.map(abs).max() ?? 0
    expectClose(actual: gradient, expected: expected, tolerance: tolerance + 1e-4 * size, name)
  }

  @Test(arguments: [1, 2, 3]) func pairWise(_ window: Int) throws {
    let rows = Rows()
    let pooling = Pooling(
      kind: .maximum, kernel: window, stride: window, padding: 0, paddingAfter: window - 1)
    let nodes = rows.pass.unitLength(rows.pass.tokens(rows.pass.pool(rows.leaf, pooling)))
    let teacher = Self.features("teacher").converted(to: KernelRuntime.preferredLayout)
    let result = PairWiseTerm.difference(
      nodes.value, UnitRows.forward(Tokens.from(map: pooling.forward(teacher, training: false).y)).y,
      weight: 1)
    try compare("pair_wise/\(window)", result.value, try rows.gradient(nodes, result.gradient))
  }

  @Test(arguments: [1, 4]) func channelWiseLogits(_ temperature: Int) throws {
    let result = ChannelWiseTerm.divergence(
      Self.logits("student"), Self.logits("teacher"), temperature: Double(temperature), weight: 1)
    try compare("channel_wise/logits\(temperature)", result.value, result.gradient.values)
  }

  static func adapter() -> (store: ParameterStore, convolution: Conv2d) {
    let store = ParameterStore(seed: nil)
    let convolution = Conv2d(
      store.root["adapter"], inChannels: studentWidth, outChannels: teacherWidth, kernel: 1, stride: 1,
      padding: 0, dilation: 1, groups: 1, bias: false, initializer: .uniformFanIn)
    convolution.weight.value.assign(
      kernelValues: FillRule.symmetric("adapter", [teacherWidth, studentWidth], bound: 0.5).values)
    return (store, convolution)
  }

  @Test func channelWiseFeatures() throws {
    let rows = Rows()
    let adapter = Self.adapter().convolution
    let adapted = rows.pass.convert(adapter(rows.leaf, rows.pass), to: .plain)
    let result = ChannelWiseTerm.divergence(
      adapted.value, Self.features("teacher"), temperature: 4, weight: 1)
    let gradients = try #require(rows.pass.tape).backward(
      [(adapted, result.gradient)], keeping: [rows.leaf])
    try compare(
      "channel_wise/features", result.value,
      try #require(gradients[leaf: rows.leaf]).converted(to: .plain).values)
    try compare(
      "channel_wise/features", result.value, try #require(gradients[adapter.weight]).kernelValues,
      by: "adapter")
  }

  static func labels() throws -> LabelBatch {
    let file = try Fixture.hdf5("distillation.h5", in: .module)
    return LabelBatch(
      count: images, height: 4 * height, width: 4 * width, values: try file.bytes("label"))
  }

  static func setup(weight: Double = 1, products: [String: StateDict] = [:]) -> TermSetup {
    TermSetup(
      name: "term", student: Small.model(), teacher: StepTests.teacher.architecture, weight: weight,
      ignoreIndex: LabelMap.ignore, seed: 3, loss: Small.loss(classes: classes), products: products)
  }

  @Test func intraClassVariation() throws {
    let rows = Rows()
    let tokens = rows.pass.tokens(rows.leaf)
    let term = IntraClassVariationTerm(
      Parameters(kind: "intra_class_variation", values: [:]), Self.setup())
    let result = term.loss(
      tokens.value, Tokens.from(map: Self.features("teacher")),
      try Self.labels().nearest(height: Self.height, width: Self.width))
    try compare("intra_class_variation", result.value, try rows.gradient(tokens, result.gradient))
  }

  @Test(arguments: ["0.1", "1"]) func crossImage(_ temperature: String) throws {
    let rows = Rows()
    let pixels = rows.pass.unitLength(rows.pass.tokens(rows.leaf))
    let term = CrossImageTerm(
      Parameters(kind: "cross_image", values: ["temperature": .number(try #require(Double(temperature)))]),
      Self.setup())
    let result = term.loss(
      pixels.value, UnitRows.forward(Tokens.from(map: Self.features("teacher"))).y)
    try compare("cross_image/\(temperature)", result.value, try rows.gradient(pixels, result.gradient))
  }

  @Test func memory() throws {
    let rows = Rows()
    let adapter = Self.adapter().convolution
    let projected = rows.pass.unitLength(rows.pass.tokens(adapter(rows.leaf, rows.pass)))
    let teacher = UnitRows.forward(Tokens.from(map: Self.features("teacher"))).y
    let keys = UnitRows.forward(FillRule.symmetric("keys", [37, Self.teacherWidth], bound: 1)).y
    let labels = try Self.labels().nearest(height: Self.height, width: Self.width)
    let anchors = labels.indices.filter { labels[$0] != LabelMap.ignore }
    #expect(anchors.count < labels.count && anchors.count > 50)
    let result = MemoryTerm.contrast(
      projected.value, teacher, anchors: anchors, keys: keys, scale: 10, gain: 1 / Double(anchors.count))
    let gradient = Tensor(repeating: 0, shape: projected.shape)
    gradient.add(result.gradient, toRows: anchors)
    try compare(
      "memory", result.sum / Double(anchors.count), try rows.gradient(projected, gradient))
  }

  @Test(arguments: ["inter": (1.0, 0.0), "intra": (0, 1), "both": (1, 2)])
  func correlation(_ name: String, _ weights: (Double, Double)) throws {
    let result = CorrelationTerm.loss(
      Self.logits("student"), Self.logits("teacher"), inter: weights.0, intra: weights.1)
    try compare("correlation/\(name)", result.value, result.gradient.values)
  }

  static func tokens() -> Tensor { FillRule.symmetric("tokens", [4, classes], bound: 0.8) }

  @Test func masked() throws {
    let term = MaskedTerm(
      Parameters(kind: "masked", values: ["head": .string("main")]),
      Self.setup(products: ["tokens": StateDict([("tokens", Self.tokens())])]))
    let result = term.loss(Self.logits("student"), Self.logits("teacher"))
    try compare("masked", result.value, result.gradient.values)
  }

  @Test(arguments: [0.0, 1]) func maskTokens(_ diversityWeight: Double) throws {
    let step = MaskTokensStep(
      Parameters(
        kind: "mask_tokens",
        values: ["tokens": .int(4), "deviation": .number(0.01), "diversity_weight": .number(diversityWeight)]),
      FirstStageSetup(
        teacher: SegmentationModel(Small.model().architecture, classes: Self.classes, seed: 1),
        optimizer: Small.sgd, loss: Small.loss(classes: Self.classes, crossEntropyWeight: 1), seed: 3))
    try step.products[0].content.restore(StateDict([("tokens", Self.tokens())]))
    let result = try step.gradient(logits: Self.logits("teacher"), labels: try Self.labels())
    let file = try Fixture.hdf5("distillation.h5", in: .module)
    let values = result.terms.map(\.value)
    expectClose(
      values[0], try file.attribute(double: "value", at: "tokens/cross_entropy"), tolerance: 1e-5)
    expectClose(
      values[1], diversityWeight * (try file.attribute(double: "value", at: "tokens/diversity")),
      tolerance: 1e-5)
    let expected = zip(
      try file.floats("tokens/cross_entropy/grad_e"), try file.floats("tokens/diversity/grad_e")
    ).map { $0 + Float(diversityWeight) * $1 }
    expectClose(actual: result.gradient.values, expected: expected, tolerance: 1e-5)
  }

  /// Scores, gradients of the student's side, of every parameter of the discriminator, and the singular vectors after
  /// three power iterations.
  @Test func adversarial() throws {
    let file = try Fixture.hdf5("distillation.h5", in: .module)
    let discriminator = Discriminator(classes: Self.classes, minimumSide: 64, seed: nil)
    for parameter in discriminator.parameters {
      parameter.value.assign(
        kernelValues: parameter.name.hasSuffix("gamma")
          ? [0.3] : FillRule.values("discriminator.\(parameter.name)", parameter.shape))
    }
    for buffer in discriminator.buffers where buffer.name.hasSuffix("weight_u") {
      let values = FillRule.symmetric("discriminator.\(buffer.name)", buffer.value.shape, bound: 1).values
      let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      buffer.value.assign(kernelValues: values.map { Float(Double($0) / norm) })
    }
    let shape: Shape = [2, Self.classes, 16, 24]
    let (real, fake) = (
      FillRule.symmetric("real.170", shape, bound: 3), FillRule.symmetric("fake.170", shape, bound: 3)
    )
    let pass = ForwardPass.training(seed: 0, iteration: 0)
    let tape = try #require(pass.tape)
    let leaf = tape.leaf(fake)
    let scores = discriminator(leaf, pass)
    #expect(scores.shape == [2, 1, 1, 3])
    expectClose(
      actual: scores.value.values, expected: try file.floats("adversarial/scores"), tolerance: 2e-5)
    let slope = Tensor(repeating: 1 / Float(scores.shape.count), shape: scores.shape)
    let first = tape.backward([(scores, slope)], keeping: [leaf])
    let expected = try file.floats("adversarial/grad_fake")
    let size = expected.map(abs).max() ?? 0
    expectClose(
      actual: try #require(first[leaf: leaf]).converted(to: .plain).values, expected: expected,
      tolerance: 1e-3 * size)

    let second = ForwardPass.training(seed: 0, iteration: 0)
    let hinge = AdversarialTerm.hinge(
      real: discriminator(Variable(constant: real), second),
      fake: discriminator(Variable(constant: fake), second), weight: 1)
    expectClose(
      hinge.value, try file.attribute(double: "hinge", at: "adversarial"), tolerance: 1e-5, relative: 1e-4)
    let gradients = try #require(second.tape).backward(hinge.seeds)
    for parameter in discriminator.parameters {
      let gradient = try #require(gradients[parameter]).kernelValues
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      expectClose(
        norm, try file.attribute(double: "norm.\(parameter.name)", at: "adversarial"), tolerance: 1e-6,
        relative: 2e-3, parameter.name)
      // A norm says nothing of places and signs; the component along a fixed direction does.
      let direction = FillRule.symmetric("direction.\(parameter.name)", parameter.shape, bound: 1).values
      let component = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      expectClose(
        component, try file.attribute(double: "along.\(parameter.name)", at: "adversarial"),
        tolerance: 1e-6 + 2e-3 * norm, parameter.name)
    }
    for buffer in discriminator.buffers where buffer.name.hasSuffix("weight_u") {
      let place = buffer.name.split(separator: ".")[0].dropFirst()
      expectClose(
        actual: buffer.value.values, expected: try file.floats("adversarial/u\(place)"), tolerance: 1e-4,
        buffer.name)
    }
  }
}
