import Cluster
import Experiments
import Foundation
import Methods
import Testing

@Suite struct ResourceTests {
  /// Table 3's runs: plain ones of several networks on two data sets.
  private static let plan = Result {
    try Plan(
      registry: Registry(
        root: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent().appendingPathComponent("experiments"), methods: Methods.catalogue),
      tables: ["table04"], profile: "smoke",
      dataFingerprints: ["ade20k": "a", "cityscapes": "c", "pascal_voc": "v", "pretraining_objects": "p"])
  }

  private func spec(distilled: Bool) throws -> RunSpec {
    let runs = try ResourceTests.plan.get().runs
    return try #require(
      runs.first { ($0.spec.distillation != nil) == distilled && $0.spec.data.name == "cityscapes" }
    ).spec
  }

  private func networks(_ spec: RunSpec) -> [String: NetworkCost] {
    [
      spec.model.name: NetworkCost(
        backbone: spec.model.backbone.rawValue, parameters: 1_000_000,
        measured: NetworkCost.Measured(
          tensorBytes: 12_000_000 + 5000 * 3000, peakBytes: 127_000_000, pixels: 5000, secondsPerStep: 0.5,
          threads: 2))
    ]
  }

  @Test func formulas() throws {
    let spec = try spec(distilled: false)
    let model = ResourceModel(networks: networks(spec))
    let estimate = model.estimate(spec, teacher: nil, threads: 2)
    let pixels = Double(spec.scale.batch * spec.scale.cropHeight * spec.scale.cropWidth)
    // 100 MB beside tensors, 64 bytes a parameter, 3000 a pixel.
    #expect(estimate.memoryBytes == Int(100e6 + 64e6 + 3000 * pixels) && estimate.memoryOrigin == .estimated)
    let seconds = 10 + 1.25 * Double(spec.scale.iterations) * pixels * 0.5 / 5000
    let estimated = try #require(estimate.seconds)
    #expect(abs(estimated - seconds) < 1e-9 && estimate.secondsOrigin == .estimated)
    #expect(estimate.diskBytes == 4_000_000 + 2 << 20 && estimate.checkpointBytes >= 16_000_000)
    // More threads are never worse, and half as good; fewer share the work.
    let eight = try #require(model.estimate(spec, teacher: nil, threads: 8).seconds)
    let one = try #require(model.estimate(spec, teacher: nil, threads: 1).seconds)
    #expect(abs((eight - 10) * 2 - (seconds - 10)) < 1e-9 && abs((one - 10) - 2 * (seconds - 10)) < 1e-9)
    #expect(model.estimate(spec, teacher: nil, threads: 3).seconds == estimate.seconds)
    // A teacher costs memory and time.
    let taught = model.estimate(spec, teacher: spec, threads: 2)
    #expect(try #require(taught.memoryBytes) == Int(100e6 + 64e6 + 3000 * pixels + 8e6 + 1500 * pixels))
    #expect(try #require(taught.seconds) > seconds)
  }

  @Test func finishedRunsCountMost() throws {
    let spec = try self.spec(distilled: false)
    let other = try self.spec(distilled: true)
    var model = ResourceModel(networks: networks(spec))
    let add = { (model: inout ResourceModel, origin: ResourceOrigin, seconds: Double) in
      model.add(
        spec, seconds: seconds, threads: 2, memoryBytes: Int(seconds) << 20,
        diskBytes: origin == .measured ? 777 : 0, origin: origin)
    }
    add(&model, .published, 40)
    let published = model.estimate(spec, teacher: nil, threads: 2)
    #expect(published.seconds == 40 && published.secondsOrigin == .published)
    #expect(published.memoryBytes == 40 << 20 && published.diskOrigin == .estimated)
    add(&model, .measured, 20)
    // The longest of a kind.
    add(&model, .measured, 30)
    let measured = model.estimate(spec, teacher: nil, threads: 4)
    #expect(measured.seconds == 30 && measured.secondsOrigin == .measured && measured.memoryBytes == 30 << 20)
    #expect(measured.diskBytes == 777 && measured.diskOrigin == .measured)
    #expect(model.estimate(spec, teacher: nil, threads: 1).seconds == 60)
    // Another method takes its memory from the formula, its time from what is alike.
    if other.model.name == spec.model.name {
      let similar = model.estimate(other, teacher: nil, threads: 2)
      #expect(similar.secondsOrigin == .similar && similar.memoryOrigin == .estimated)
    }
  }

  @Test func nothingIsMadeUp() throws {
    let spec = try spec(distilled: false)
    let unknown = ResourceModel(networks: [:]).estimate(spec, teacher: nil, threads: 2)
    #expect(unknown.seconds == nil && unknown.memoryBytes == nil)
    #expect(unknown.secondsOrigin == .unknown && unknown.memoryOrigin == .unknown)
    // A network that nobody measured is taken for the most costly one.
    let measured = NetworkCost.Measured(
      tensorBytes: 90_000_000, peakBytes: 100_000_000, pixels: 1000, secondsPerStep: 1, threads: 1)
    let model = ResourceModel(networks: ["x": NetworkCost(backbone: "x", parameters: 10, measured: measured)])
    #expect(model.estimate(spec, teacher: nil, threads: 1).memoryOrigin == .estimated)
  }
}
