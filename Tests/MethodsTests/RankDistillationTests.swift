import Datasets
import JSON
import Kernels
import Methods
import Models
import Ranks
import Schemas
import Tensors
import TestSupport
import Testing
import Training

/// Distilling by ranks that share a batch, against one process that has it all.
@Suite(.serialized) struct RankDistillationTests {
  enum Terms: String, CaseIterable, Sendable {
    /// In the loss head; at labels for one head alone, and at logits; the rivals that look at one image at a time.
    case paper, separate, channels, pairs, masks
  }

  private static func terms(_ kind: Terms, _ model: SegmentationModel) -> [DistillationStep.NamedTerm] {
    func term(
      _ name: String, _ type: any DistillationTerm.Type, _ values: [String: JSONValue]
    ) -> DistillationStep.NamedTerm {
      let tokens = Tensor((0..<20).map { Float($0 % 7) * 0.2 - 0.5 }, shape: [4, Small.classes])
      let setup = StepTests.termSetup(
        model, weight: 3, products: ["tokens": StateDict([(MaskTokensStep.product, tokens)])])
      return .init(name, type.init(Parameters(kind: type.schema.kind, values: values), setup))
    }
    switch kind {
    case .paper: return StepTests.terms(false, model)
    case .separate:
      return [
        .init("main", StepTests.pixelWise(model, heads: ["main"])),
        .init("low", StepTests.pixelWise(model, at: "logits", weight: 0.7)),
      ]
    case .channels:
      return [
        term("features", ChannelWiseTerm.self, ["at": .string("features"), "temperature": .number(4)]),
        term("logits", ChannelWiseTerm.self, ["at": .string("logits"), "temperature": .number(4)]),
      ]
    case .pairs:
      return [
        term("pairs", PairWiseTerm.self, ["window": .int(2)]),
        term("variation", IntraClassVariationTerm.self, [:]),
      ]
    case .masks: return [term("masked", MaskedTerm.self, ["head": .string("main")])]
    }
  }

  private struct Outcome: Sendable {
    let terms: [LossTerm]
    /// After one step of plain SGD, momentum's memory: the gradients, and decay.
    let memory: [String: [Float]]
  }

  private static func step(_ kind: Terms, _ ranks: RankGroup?) throws -> Outcome {
    KernelRuntime.threads = 1
    let model = Small.model(seed: 1)
    let teacher = Small.model(seed: 9, channels: 48, dropout: 0)
    let step = DistillationStep(
      model: model, teacher: NetworkTeacher(teacher), optimizer: Small.sgd, loss: Small.loss(),
      crossEntropyLabelWeight: 0.5, regionLabelWeight: 0.6, terms: terms(kind, model))
    let whole = Small.batch(0)
    let slots = ranks?.slots ?? 0..<3
    let own = Batch(
      images: whole.images.images(slots), labels: whole.labels.images(slots), ids: Array(whole.ids[slots]))
    let computed = try step.compute(
      TrainingBatch([(BatchLoader.labelledStream, own)]),
      at: StepMoment(iteration: 0, iterations: 4, rate: 0.01, seed: 7, ranks: ranks))
    computed.apply()
    var memory: [String: [Float]] = [:]
    for part in step.parts where part.name == "optimizer.student" {
      for entry in part.content.state.tensors { memory[entry.path] = entry.tensor.values }
    }
    return Outcome(terms: computed.terms, memory: memory)
  }

  @Test(arguments: Terms.allCases) func oneStepIsThatOfOneProcess(_ kind: Terms) throws {
    let whole = try alone { try Self.step(kind, nil) }
    #expect(whole.terms.allSatisfy { $0.value > 0 })
    for size in [2, 3] {
      let parts = try onRanks(size) { try Self.step(kind, RankGroup($0, batch: 3)) }
      for part in parts { #expect(part.terms == parts[0].terms && part.memory == parts[0].memory) }
      #expect(parts[0].terms.map(\.name) == whole.terms.map(\.name))
      expectClose(
        actual: parts[0].terms.map(\.value), expected: whole.terms.map(\.value), tolerance: 0, relative: 1e-5,
        "\(kind), \(size) ranks")
      #expect(Set(parts[0].memory.keys) == Set(whole.memory.keys) && !whole.memory.isEmpty)
      // Of the whole network: a bias before a batch norm has no gradient but what rounding leaves.
      let largest = whole.memory.values.joined().reduce(0) { max($0, abs($1)) }
      for (name, wanted) in whole.memory.sorted(by: { $0.key < $1.key }) {
        expectClose(
          actual: parts[0].memory[name] ?? [], expected: wanted, tolerance: 1e-5 * largest,
          "\(kind), \(size) ranks: \(name)")
      }
    }
  }

  /// What a kind says of itself is what its terms say; who looks at several images at once cannot be shared.
  @Test func kindsAndTermsAgree() {
    let shared = DistillationTerms.all.filter { $0.isShared }.map { $0.schema.kind }
    #expect(
      shared == [
        "pixel_wise", "jaccard", "pair_wise", "intra_class_variation", "channel_wise", "masked",
      ])
    let model = Small.model()
    for name in ["skd", "ifvd", "cd", "cirkd", "maskd", "dist"] {
      for named in StepTests.rivals(name, model) {
        let isShared = type(of: named.term).isShared
        if case .refused = named.term.splitting {
          #expect(!isShared, "\(named.name)")
        } else {
          #expect(isShared, "\(named.name)")
        }
      }
    }
  }
}
