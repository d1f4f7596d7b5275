import Foundation
import Losses
import Tensors
import TestSupport
import Testing

/// The training loss with each region term against its definition: up-sample, take the loss, transpose.
@Suite(.serialized)
struct RegionTermTests {
  static func configuration(
    _ region: RegionLoss, smoothed: Bool, teacher: JaccardMetricLoss?
  ) -> SegmentationLoss.Configuration {
    SegmentationLoss.Configuration(
      classes: 5, ignoreIndex: 255, crossEntropyWeight: 0.25, mainWeight: 0.6, auxiliaryWeight: 0.4,
      region: SegmentationLoss.Region(weight: 0.75, loss: region),
      smoothing: smoothed
        ? BoundaryLabelSmoothing(kernel: 3, epsilon: 0.5, classes: 5, ignoreIndex: 255) : nil,
      distillation: teacher.map {
        SegmentationLoss.Distillation(
          crossEntropyLabelWeight: 0.6, crossEntropyTeacherWeight: 0.4, regionLabelWeight: 0.3,
          temperature: 2,
          jaccard: SegmentationLoss.Distillation.JaccardTerm(weight: 0.7, loss: $0))
      })
  }

  static func check(_ configuration: SegmentationLoss.Configuration, _ what: String) throws {
    let labels = randomLabels(2, 13, 37, classes: 5, ignore: 255, seed: 21)
    let main = randomTensor([2, 5, 3, 5], seed: 22)
    let auxiliary = randomTensor([2, 5, 6, 4], seed: 23)
    let teacher = SegmentationLoss.TeacherLogits(
      main: randomTensor([2, 5, 4, 9], seed: 24), auxiliary: randomTensor([2, 5, 4, 9], seed: 25))
    let distils = configuration.distillation != nil
    let result = try SegmentationLoss(configuration)(
      main: main, auxiliary: auxiliary, labels: labels, teacher: distils ? teacher : nil)
    let expected = try FusedHeadTests.reference(
      configuration, main, teacher.main, labels, weight: 0.6, jaccard: true)
    let other = try FusedHeadTests.reference(
      configuration, auxiliary, teacher.auxiliary, labels, weight: 0.4, jaccard: false)
    expected.check(result, with: other, what)
    expectClose(
      actual: result.mainGradient.values, expected: expected.gradient.map(Float.init), tolerance: 1e-6, what)
    let gradient = try #require(result.auxiliaryGradient)
    expectClose(
      actual: gradient.values, expected: other.gradient.map(Float.init), tolerance: 1e-6, what)
  }

  @Test(arguments: JaccardMetricLoss.Form.allCases, [false, true])
  func jaccardForms(_ form: JaccardMetricLoss.Form, _ smoothed: Bool) throws {
    for name in ["plain", "log_gamma"] {
      let loss = FormOracleTests.loss(form, name, smoothed ? .all : .present)
      let label = FormOracleTests.loss(form, "plain", .label(threshold: 0.01))
      for teacher in [nil, label] {
        try Self.check(
          Self.configuration(.jaccard(loss), smoothed: smoothed, teacher: teacher),
          "\(form.rawValue) \(name), smoothed \(smoothed), teacher \(teacher != nil)")
      }
    }
  }

  @Test func lovasz() throws {
    try Self.check(
      Self.configuration(.lovasz(.init(active: .present)), smoothed: false, teacher: nil), "lovasz")
    let smoothed = Self.configuration(.lovasz(.init(active: .present)), smoothed: true, teacher: nil)
    #expect(throws: LossError.self) { try Self.check(smoothed, "lovasz on soft labels") }
  }

  /// The argmax of a teacher that is never above 1/2.
  @Test func presentOfATeacher() throws {
    let loss = FormOracleTests.loss(.jml1, "plain", .present)
    try Self.check(Self.configuration(.jaccard(loss), smoothed: false, teacher: loss), "teacher, present")
  }
}
