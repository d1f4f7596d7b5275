import Experiments
import Foundation
import Runner
import TestSupport
import Testing

/// What a runner says of the time that is left.
@Suite struct EstimateTests {
  @Test func theClosestKindCounts() throws {
    try withTemporaryDirectory { folder in
      let plan = try FakeRuns.plan(in: folder)
      func runs(_ dataset: String) -> [PlannedRun] { plan.runs.filter { $0.spec.data.name == dataset } }
      let single = try #require(
        runs("cityscapes").first { $0.dependencies.isEmpty && $0.spec.method == "ce" }
      ).spec
      let student = try #require(runs("cityscapes").first { !$0.dependencies.isEmpty }).spec
      let elsewhere = try #require(runs("pascal_voc").first { !$0.dependencies.isEmpty }).spec
      let teacher = try #require(runs("pascal_voc").first { $0.spec.model.name == "deeplabv3_resnet18d" })
        .spec

      var estimate = GridEstimate()
      #expect(estimate.seconds(student, fallback: nil) == nil && estimate.seconds(student, fallback: 5) == 5)
      estimate.add(single, publishedSeconds: 30)
      // Data set and model; then what is known of this very moment; then the model on other data; then any run.
      expectClose(estimate.seconds(student, fallback: 5) ?? 0, 30, tolerance: 1e-9)
      #expect(estimate.seconds(elsewhere, fallback: 5) == 5)
      expectClose(estimate.seconds(elsewhere, fallback: nil) ?? 0, 30, tolerance: 1e-9)
      expectClose(estimate.seconds(teacher, fallback: nil) ?? 0, 30, tolerance: 1e-9)
      // The method, if it is known, and this machine's own runs before others'.
      estimate.add(student, publishedSeconds: 50)
      expectClose(estimate.seconds(student, fallback: nil) ?? 0, 50, tolerance: 1e-9)
      estimate.add(student, seconds: 20)
      expectClose(estimate.seconds(student, fallback: nil) ?? 0, 20, tolerance: 1e-9)
      expectClose(estimate.seconds(single, fallback: nil) ?? 0, 30, tolerance: 1e-9)
    }
  }
}
