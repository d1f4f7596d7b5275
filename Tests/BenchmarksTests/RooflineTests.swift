import Benchmarks
import JSON
import Kernels
import Testing

@Suite struct RooflineTests {
  private static let peaks = Roofline.Peaks(float32: 200e9, bfloat16: 400e9, bandwidth: 20e9)

  /// 100 GFLOP at 200 GFLOP/s are half a second of two, 10 GB at 20 GB/s as much.
  @Test func sharesAreOfThePeaks() {
    let roofline = Roofline(
      Roofline.Demand(operations: 100e9, bytes: 8e9), peaks: RooflineTests.peaks, seconds: 2)
    #expect(roofline.arithmeticShare == 0.25 && roofline.memoryShare == 0.2)
    #expect(roofline.limit == .arithmetic && roofline.leastSeconds == 0.5)
    let json = roofline.json
    #expect(json["gflop"] == .number(100) && json["gigabytes"] == .number(8))
    #expect(json["limited_by"] == .string("arithmetic") && json["peak_float32_gflops"] == .number(200))
  }

  /// What is done counts, not what is defined, and products of bfloat16 have a peak of their own: 25 GFLOP at 200 GFLOP/s and 50
  /// at 400 are a quarter of a second, so that bytes are the limit.
  @Test func eachPartHasItsPeak() {
    let demand = Roofline.Demand(operations: 160e9, float32: 25e9, bfloat16: 50e9, bytes: 8e9)
    let roofline = Roofline(demand, peaks: RooflineTests.peaks, seconds: 2)
    #expect(roofline.arithmeticShare == 0.125 && roofline.limit == .memory && roofline.leastSeconds == 0.4)
    let json = roofline.json
    #expect(json["gflop"] == .number(160) && json["gflop_float32"] == .number(25))
    #expect(json["gflop_bfloat16"] == .number(50))
    let without = Roofline.Peaks(float32: 200e9, bfloat16: nil, bandwidth: 20e9)
    #expect(Roofline(demand, peaks: without, seconds: 2).arithmeticShare == 0.1875)
    #expect(Roofline(demand, peaks: without, seconds: 2).json["peak_bfloat16_gflops"] == .null)
  }

  @Test func bytesAloneLimitByMemory() {
    let roofline = Roofline(
      Roofline.Demand(operations: 0, bytes: 1e9), peaks: RooflineTests.peaks, seconds: 0.1)
    #expect(roofline.arithmeticShare == 0 && roofline.limit == .memory && roofline.memoryShare == 0.5)
  }

  /// SGD with momentum: six operations and five vectors a number; AdamW: fourteen and seven.
  @Test func optimizersReadAndWriteTheirVectors() {
    let sgd = Roofline.Demand.optimizer(.sgd(momentum: 0.9), parameters: 1000)
    #expect(sgd == Roofline.Demand(operations: 6000, bytes: 20_000))
    let adamW = Roofline.Demand.optimizer(.adamw(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), parameters: 1000)
    #expect(adamW == Roofline.Demand(operations: 14_000, bytes: 28_000))
    #expect(sgd + adamW == Roofline.Demand(operations: 20_000, bytes: 48_000))
    let products = Roofline.Demand(operations: 9, float32: 3, bfloat16: 4, bytes: 5)
    #expect(
      products + sgd == Roofline.Demand(operations: 6009, float32: 6003, bfloat16: 4, bytes: 20_005))
  }
}
