import Losses
import Ranks
import Tensors
import TestSupport
import Testing

/// The loss of ranks that share a batch, against that of one process.
@Suite(.serialized) struct RankLossTests {
  private static let classes = 6

  /// Five images of 21 x 34; class 4 in the first alone, class 5 nowhere, the fourth wholly ignored.
  private static let labels: LabelBatch = {
    var labels = randomLabels(5, 21, 34, classes: 5, ignore: 255, seed: 3)
    let area = 21 * 34
    for place in labels.values.indices where labels.values[place] == 4 && place >= area {
      labels.values[place] = 2
    }
    for place in 0..<40 { labels.values[place] = 4 }
    for place in 3 * area..<4 * area { labels.values[place] = 255 }
    return labels
  }()

  private static func jaccard(
    _ form: JaccardMetricLoss.Form, _ averaging: JaccardMetricLoss.Averaging, _ active: ActiveClasses
  ) -> RegionLoss {
    .jaccard(
      JaccardMetricLoss(form: form, alpha: 0.8, beta: 1.1, smooth: 1, averaging: averaging, active: active))
  }

  private static let averages: [JaccardMetricLoss.Averaging] = [
    .dataset, .init(perDataset: 0, perImage: 1, perClass: 0),
    .init(perDataset: 0.3, perImage: 0.2, perClass: 0.5),
  ]

  private static let modes: [ActiveClasses] = [
    .all, .present, .label(threshold: 0.01), .probability(threshold: 0.4), .both(threshold: 0.9),
  ]

  private struct Outcome: Sendable {
    let terms: [Double]
    let kept: Int
    let main: [Float]
    let auxiliary: [Float]

    init(_ result: SegmentationLoss.Result) {
      terms = [result.crossEntropy, result.divergence, result.region, result.teacherRegion]
      kept = result.keptPixels
      main = result.mainGradient.values
      auxiliary = result.auxiliaryGradient?.values ?? []
    }
  }

  private static func outcome(
    _ configuration: SegmentationLoss.Configuration, _ slots: Range<Int>, _ ranks: RankGroup?
  ) throws -> Outcome {
    let main = randomTensor([5, classes, 6, 9], seed: 1)
    let auxiliary = randomTensor([5, classes, 3, 5], seed: 2)
    let teacher = SegmentationLoss.TeacherLogits(
      main: randomTensor([5, classes, 7, 9], seed: 5).images(slots),
      auxiliary: randomTensor([5, classes, 4, 5], seed: 6).images(slots))
    return Outcome(
      try SegmentationLoss(configuration)(
        main: main.images(slots), auxiliary: auxiliary.images(slots), labels: labels.images(slots),
        teacher: configuration.distillation == nil ? nil : teacher, ranks: ranks))
  }

  private static func configuration(
    _ region: RegionLoss?, smoothing: Bool = false, distilled: JaccardMetricLoss? = nil
  ) -> SegmentationLoss.Configuration {
    SegmentationLoss.Configuration(
      classes: classes, ignoreIndex: 255, crossEntropyWeight: 0.25, mainWeight: 0.75, auxiliaryWeight: 0.4,
      region: region.map { .init(weight: 0.6, loss: $0) },
      smoothing: smoothing ? BoundaryLabelSmoothing(kernel: 3, epsilon: 0.4, classes: classes) : nil,
      distillation: distilled.map {
        .init(
          crossEntropyLabelWeight: 0.5, crossEntropyTeacherWeight: 0.3, regionLabelWeight: 0.7,
          temperature: 2,
          jaccard: .init(weight: 0.45, loss: $0))
      })
  }

  private func compare(_ configuration: SegmentationLoss.Configuration, _ what: String) throws {
    let whole = try Self.outcome(configuration, 0..<5, nil)
    #expect(whole.terms[0] > 0)
    for size in [1, 2, 3, 5] {
      let parts = try onRanks(size) { communicator in
        let ranks = RankGroup(communicator, batch: 5)
        return try Self.outcome(configuration, ranks.slots, ranks)
      }
      for part in parts {
        #expect(part.kept == whole.kept)
        #expect(part.terms == parts[0].terms, "\(what): ranks differ")
        expectClose(
          actual: part.terms, expected: whole.terms, tolerance: 1e-12, relative: 1e-9, "\(what) of \(size)")
      }
      for (mine, all) in [(parts.flatMap(\.main), whole.main), (parts.flatMap(\.auxiliary), whole.auxiliary)]
      {
        let largest = all.reduce(0) { max($0, abs($1)) }
        expectClose(actual: mine, expected: all, tolerance: 1e-6 * largest, "\(what) of \(size)")
      }
    }
  }

  @Test(arguments: JaccardMetricLoss.Form.allCases) func everyFormAndAverage(
    _ form: JaccardMetricLoss.Form
  ) throws {
    for (place, averaging) in Self.averages.enumerated() {
      for active in Self.modes {
        try compare(
          Self.configuration(Self.jaccard(form, averaging, active), smoothing: place == 1),
          "\(form) \(averaging) \(active)")
      }
    }
  }

  @Test func crossEntropyAlone() throws {
    try compare(Self.configuration(nil), "cross entropy")
    try compare(Self.configuration(nil, smoothing: true), "smoothed cross entropy")
  }

  @Test(arguments: [JaccardMetricLoss.Form.jml1, .jml2]) func distillation(
    _ form: JaccardMetricLoss.Form
  ) throws {
    for active in [ActiveClasses.label(threshold: 0.3), .both(threshold: 0.9)] {
      let taught = JaccardMetricLoss(
        form: form, alpha: 1, beta: 1, smooth: 1, averaging: Self.averages[2], active: active)
      try compare(
        Self.configuration(
          Self.jaccard(form, Self.averages[2], .present), smoothing: true, distilled: taught),
        "distilled \(form) \(active)")
    }
  }

  /// One image a rank: what each makes of its own is the per-image form, not the one over the batch.
  @Test func alonePerRankIsThePerImageForm() throws {
    func configuration(_ averaging: JaccardMetricLoss.Averaging) -> SegmentationLoss.Configuration {
      var configuration = Self.configuration(Self.jaccard(.jml1, averaging, .present))
      configuration.crossEntropyWeight = 0
      return configuration
    }
    // Without the image that has no kept pixel, and so no classes.
    let images = [0, 1, 2, 4]
    func whole(_ averaging: JaccardMetricLoss.Averaging) throws -> SegmentationLoss.Result {
      let main = randomTensor([5, Self.classes, 6, 9], seed: 1)
      let chosen = Tensor(
        images.flatMap { main.images($0..<$0 + 1).values }, shape: [4, Self.classes, 6, 9])
      let labels = LabelBatch(
        count: 4, height: 21, width: 34, values: images.flatMap { Self.labels.images($0..<$0 + 1).values })
      return try SegmentationLoss(configuration(averaging))(
        main: chosen, auxiliary: nil, labels: labels, teacher: nil)
    }
    let dataset = try whole(.dataset)
    let perImage = try whole(Self.averages[1])
    let alone = try images.map { image in
      try SegmentationLoss(configuration(.dataset))(
        main: randomTensor([5, Self.classes, 6, 9], seed: 1).images(image..<image + 1), auxiliary: nil,
        labels: Self.labels.images(image..<image + 1), teacher: nil)
    }
    let mean = alone.reduce(0) { $0 + $1.region } / 4
    expectClose(mean, perImage.region, tolerance: 1e-12, relative: 1e-9)
    #expect(abs(mean - dataset.region) > 1e-3 * dataset.region)
    let gradients = alone.flatMap { $0.mainGradient.values.map { $0 / 4 } }
    let largest = gradients.reduce(0) { max($0, abs($1)) }
    expectClose(actual: gradients, expected: perImage.mainGradient.values, tolerance: 1e-6 * largest)
    #expect(worstDeviation(actual: gradients, expected: dataset.mainGradient.values) > 0.01 * largest)
  }

  /// Who has the bad label says which; the others do not wait for it.
  @Test func aBadLabelIsToldToAll() {
    let results = ThreadCommunicator.run(3) { communicator -> Double in
      let ranks = RankGroup(communicator, batch: 5)
      var labels = Self.labels
      labels.values[3 * 21 * 34 + 5] = 77
      return try SegmentationLoss(Self.configuration(nil))(
        main: randomTensor([5, Self.classes, 6, 9], seed: 1).images(ranks.slots), auxiliary: nil,
        labels: labels.images(ranks.slots), teacher: nil, ranks: ranks
      ).total
    }
    let errors = results.map { result -> LossError? in
      guard case .failure(let error) = result else { return nil }
      return error as? LossError
    }
    // The fourth image is the last rank's.
    #expect(
      errors == [
        .onOtherRank(2), .onOtherRank(2), .labelOutsideClasses(value: 77, classes: 6, ignoreIndex: 255),
      ])
  }

  @Test func lovaszIsRefused() {
    let configuration = Self.configuration(.lovasz(LovaszSoftmax(active: .present)))
    for result in ThreadCommunicator.run(
      2,
      { communicator in
        let ranks = RankGroup(communicator, batch: 5)
        return try Self.outcome(configuration, ranks.slots, ranks)
      })
    {
      guard case .failure(let error) = result else {
        Issue.record("it was computed")
        continue
      }
      #expect(error as? LossError == .needsWholeBatch(loss: "Lovasz-Softmax"))
    }
    #expect(throws: Never.self) { try Self.outcome(configuration, 0..<5, nil) }
  }
}
