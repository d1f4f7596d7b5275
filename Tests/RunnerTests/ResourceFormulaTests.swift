import Cluster
import Experiments
import Foundation
import JSON
import Models
import Results
import Runner
import Testing

/// The formula for memory beside every run that was published with its peak.
@Suite struct ResourceFormulaTests {
  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func cost(_ spec: ModelSpec, classes: Int) throws -> NetworkCost? {
    let file = ResourceFormulaTests.package.appendingPathComponent("results/costs/\(spec.name).json")
    guard let json = try PublishedFile.json(file) else { return nil }
    func number(_ key: String) throws -> Double { try #require(json[key]?.double, "\(key) of \(spec.name)") }
    return NetworkCost(
      backbone: spec.backbone.rawValue,
      parameters: SegmentationModel(Assembly.architecture(spec), classes: classes, seed: nil).parameterCount,
      measured: NetworkCost.Measured(
        tensorBytes: Int(try number("trainingTensorBytes")), peakBytes: Int(try number("trainingPeakBytes")),
        pixels: Int(try number("trainingBatch") * number("trainingHeight") * number("trainingWidth")),
        secondsPerStep: try number("trainingSecondsPerStep"), threads: Int(try number("threads"))))
  }

  @Test func noPublishedRunHadMore() throws {
    let package = ResourceFormulaTests.package
    let options = Workspace.Options(
      experiments: package.appendingPathComponent("experiments").path, profile: "mini", tables: [], data: nil,
      results: package.appendingPathComponent("results").path, overrides: [], threads: 1)
    let workspace = try Workspace(options)
    let plan = try workspace.planForReading().plan
    let published = try PublishedRuns(reading: workspace.folder)
    var networks: [String: NetworkCost] = [:]
    for spec in plan.runs.map(\.spec) where networks[spec.model.name] == nil {
      networks[spec.model.name] = try cost(spec.model, classes: spec.data.classes)
    }
    let model = ResourceModel(networks: networks)
    var compared = 0
    for run in plan.runs {
      guard let peak = published[run.id]?.peakMemoryBytes, networks[run.spec.model.name] != nil else {
        continue
      }
      let teacher = run.spec.inputs["teacher"].flatMap { plan[$0]?.spec }
      let estimate = model.estimate(run.spec, teacher: teacher, threads: 2)
      #expect(estimate.memoryOrigin == .estimated)
      #expect(try #require(estimate.memoryBytes) >= peak, "\(run.id)")
      compared += 1
    }
    #expect(compared > 450)
  }
}
