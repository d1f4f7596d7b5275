import ArgumentParser
import Experiments
import Foundation
import HDF5
import JSON
import Losses
import Results
import Tensors

struct LossCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss",
    abstract: "Computes a loss and its gradient by the logits, from one HDF5 file into another.",
    discussion: """
      Reads /logits [B, C, H, W] (floats), /label [B, H, W] (uint8) or /soft [B, C, H, W] (floats, 0...1), \
      and optionally /keep [B, H, W] (0 or 1). Writes /value (a scalar) and /grad [B, C, H, W]. Pixels that \
      are ignored or not kept have gradient 0.

      The Jaccard losses and tversky take --alpha and --beta: 1, the default, is the Jaccard loss, 0.5 the \
      Dice loss, which dice stands for. dice and tversky are of the JML1 kind. ce and kl are means over \
      kept pixels. lovasz takes hard labels only.

      Example: jml loss jml1 --input batch.h5 --output out.h5 --active present
      """)

  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case jml1, jml2
    case sjlL1 = "sjl-l1"
    case sjlL2 = "sjl-l2"
    case lovasz, dice, tversky, ce, kl
  }

  enum Active: String, CaseIterable, ExpressibleByArgument {
    case all, present, prob, label, both
  }

  enum Target: String, CaseIterable, ExpressibleByArgument {
    case label, soft
  }

  @Argument(help: "Which loss.")
  var kind: Kind

  @Option(help: "HDF5 file to read.")
  var input: String

  @Option(help: "HDF5 file to write.")
  var output: String

  @Option(
    help:
      "Classes to average over. Default: present for /label, all for /soft.")
  var active: Active?

  @Option(help: "Of --active prob, label and both. Default: 0.01.")
  var threshold: Double?

  @Option(help: "Pixels added to numerator and denominator. Default: 1.")
  var smooth: Double?

  @Option(help: "Weight of false positives.")
  var alpha: Double?

  @Option(help: "Weight of false negatives.")
  var beta: Double?

  @Option(
    help: ArgumentHelp(
      "Weights of the forms with sums per data set (the batch), per image, per class. Default: 1,0,0.",
      valueName: "d,i,c"))
  var weights: String?

  @Option(help: "Exponent of each class's loss, at least 1. Default: 1.")
  var gamma: Double?

  @Flag(help: "-log of the ratio in place of 1 - ratio.")
  var log = false

  @Option(help: ArgumentHelp("A factor on each class's loss. Default: all 1.", valueName: "w0,w1,..."))
  var classWeights: String?

  @Option(help: "Of kl: divides the logits; the target is taken as it is. Default: 1.")
  var temperature: Double?

  @Option(help: "Label to leave out. Default: 255, and the number of classes.")
  var ignoreIndex: UInt8?

  @Option(help: "Which to take if the file has both.")
  var target: Target?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    let region = kind != .ce && kind != .kl
    let ratio = region && kind != .lovasz
    let given: [(String, Bool, Bool)] = [
      ("--active", active != nil, region), ("--threshold", threshold != nil, region),
      ("--smooth", smooth != nil, ratio), ("--alpha", alpha != nil, ratio && kind != .dice),
      ("--beta", beta != nil, ratio && kind != .dice), ("--weights", weights != nil, ratio),
      ("--gamma", gamma != nil, ratio), ("--log", log, ratio),
      ("--class-weights", classWeights != nil, ratio),
      ("--temperature", temperature != nil, kind == .kl),
    ]
    for (option, isGiven, applies) in given where isGiven && !applies {
      throw ValidationError("\(option) does not apply to \(kind.rawValue)")
    }
    try check("--threshold", threshold, "0 or more, below 2") { $0 >= 0 && $0 < 2 }
    try check("--smooth", smooth, "0 or more") { $0 >= 0 }
    try check("--alpha", alpha, "0 or more") { $0 >= 0 }
    try check("--beta", beta, "0 or more") { $0 >= 0 }
    try check("--gamma", gamma, "1 to 1000") { $0 >= 1 && $0 <= 1000 }
    try check("--temperature", temperature, "above 0") { $0 > 0 }
    let forms = try numbers("--weights", weights)
    guard forms.map({ $0.count == 3 && $0.contains { $0 > 0 } }) ?? true else {
      throw ValidationError("--weights \(weights ?? ""): three numbers d,i,c, not all 0")
    }
    _ = try numbers("--class-weights", classWeights)
  }

  private func check(
    _ option: String, _ value: Double?, _ allowed: String, _ isRight: (Double) -> Bool
  ) throws {
    guard let value, !(value.isFinite && isRight(value)) else { return }
    throw ValidationError("\(option) \(value): \(allowed) is allowed")
  }

  private func numbers(_ option: String, _ text: String?) throws -> [Double]? {
    guard let text else { return nil }
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    let numbers = values.compactMap { $0 }.filter { $0.isFinite && $0 >= 0 }
    guard numbers.count == values.count else {
      throw ValidationError("\(option) \(text): numbers of 0 or more with commas between them are allowed")
    }
    return numbers
  }

  func run() throws {
    let (result, target) = try TensorFile.reading { try compute() }
    let name = URL(fileURLWithPath: output).lastPathComponent
    let writer = try HDF5Writer(name: name)
    try writer.write(doubles: [result.value], shape: [], at: "value")
    let shape = result.gradient.shape.dimensions
    try writer.write(floats: result.gradient.values, shape: shape, at: "grad")
    try writer.write(attribute: kind.rawValue, named: "loss")
    try AtomicFile.write(try writer.image(), to: URL(fileURLWithPath: output))
    let kept = target.keep.values.count { $0 != 0 }
    guard json else {
      Console.out("\(kind.rawValue) \(result.value) over \(kept) pixels\n")
      return
    }
    Console.out(
      .object([
        "loss": .string(kind.rawValue), "value": .number(result.value), "kept_pixels": .int(kept),
        "output": .string(output), "shape": .array(shape.map { .int($0) }),
      ]))
  }

  private func compute() throws -> (LossValue, SoftLabels) {
    let file = try TensorFile(input)
    let shape = try file.shape("logits", axes: "BCHW")
    guard shape[1] <= 255 else {
      throw TensorFileError.badShape(
        path: input, dataset: "logits", found: shape, wanted: "[B, C, H, W] of 1 to 255 classes")
    }
    let values = try file.file.floats("logits")
    try file.checkFinite("logits", values, shape)
    let logits = Tensor(values, shape: Shape(shape))
    let (labels, isHard) = try readTarget(file, shape)
    let loss = try loss(classes: shape[1], isHard: isHard)
    let result = try loss(logits: logits, target: labels)
    guard result.value.isFinite else {
      throw TensorFileError.badResult(
        path: input, reason: "the loss is \(result.value); --log needs --smooth above 0 without overlap")
    }
    return (result, labels)
  }

  private func readTarget(_ file: TensorFile, _ shape: [Int]) throws -> (SoftLabels, isHard: Bool) {
    let (hasLabel, hasSoft) = (file.has("label"), file.has("soft"))
    guard hasLabel || hasSoft else {
      throw TensorFileError.missing(path: input, wanted: "'/label' and no '/soft'")
    }
    if target == nil, hasLabel, hasSoft {
      throw TensorFileError.ambiguous(path: input, found: "'/label' and '/soft'", option: "--target")
    }
    let isHard = target.map { $0 == .label } ?? hasLabel
    let plane = [shape[0], shape[2], shape[3]]
    var keep = [UInt8](repeating: 1, count: plane.reduce(1, *))
    if file.has("keep") {
      try file.require("keep", try file.shape("keep", axes: "BHW"), equals: plane, of: "logits")
      keep = try file.file.bytes("keep")
      try file.check("keep", keep, plane, wanted: "0 or 1") { $0 <= 1 }
    }
    func mask(_ values: [UInt8]) -> PixelMask {
      PixelMask(count: plane[0], height: plane[1], width: plane[2], values: values)
    }
    guard isHard else {
      try file.require("soft", try file.shape("soft", axes: "BCHW"), equals: shape, of: "logits")
      let pixels = shape[2] * shape[3]
      let values = try file.probabilities("soft", try file.file.floats("soft"), shape) { place in
        keep[place / (shape[1] * pixels) * pixels + place % pixels] == 0
      }
      return (SoftLabels(values: Tensor(values, shape: Shape(shape)), keep: mask(keep)), false)
    }
    try file.require("label", try file.shape("label", axes: "BHW"), equals: plane, of: "logits")
    let values = try file.file.bytes("label")
    let rule = IgnoreRule(index: ignoreIndex)
    try file.check("label", values, plane, wanted: rule.wanted(classes: shape[1])) {
      Int($0) < shape[1] || rule.ignores($0, classes: shape[1])
    }
    // An ignore index may be one of the classes; from here on it is none of them.
    let cleaned = zip(rule.apply(values, classes: shape[1]), keep).map { $1 == 0 ? LabelMap.ignore : $0 }
    let batch = LabelBatch(count: plane[0], height: plane[1], width: plane[2], values: cleaned)
    return (try SoftLabels(batch, classes: shape[1], ignoreIndex: LabelMap.ignore), true)
  }

  private func loss(classes: Int, isHard: Bool) throws -> FullResolutionLoss {
    let name = (self.active ?? (isHard ? .present : .all)).rawValue
    guard let active = ActiveClasses(name: name, threshold: threshold ?? 0.01) else {
      preconditionFailure("LossCommand: Losses has no active classes '\(name)'")
    }
    let form: JaccardMetricLoss.Form
    switch kind {
    case .ce: return .crossEntropy
    case .kl: return .divergence(temperature: temperature ?? 1)
    case .lovasz: return .lovasz(LovaszSoftmax(active: active))
    case .jml1, .dice, .tversky: form = .jml1
    case .jml2: form = .jml2
    case .sjlL1: form = .sjlL1
    case .sjlL2: form = .sjlL2
    }
    let weights = try numbers("--weights", weights) ?? [1, 0, 0]
    let classWeights = try numbers("--class-weights", classWeights)
    guard classWeights.map({ $0.count == classes }) ?? true else {
      throw TensorFileError.badResult(
        path: input, reason: "--class-weights has \(classWeights?.count ?? 0) numbers for \(classes) classes")
    }
    let excess = kind == .dice ? 0.5 : 1
    return .jaccard(
      JaccardMetricLoss(
        form: form, alpha: alpha ?? excess, beta: beta ?? excess, smooth: smooth ?? 1,
        averaging: .init(perDataset: weights[0], perImage: weights[1], perClass: weights[2]), active: active,
        isLogarithmic: log, gamma: gamma ?? 1, classWeights: classWeights))
  }
}
