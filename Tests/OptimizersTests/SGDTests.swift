import Autograd
import Optimizers
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct SGDTests {
  /// Two steps by hand: g' = g + 0.1 w; v = 0.9 v + g'; w -= rate * multiplier * v.
  @Test func twoStepsByHand() throws {
    let store = ParameterStore(seed: 1)
    let weight = store.root["head"].parameter("weight", [2, 1, 1, 1], layout: .hwio) { _ in [1, -2] }
    let optimizer = SGD([weight], momentum: 0.9) { _ in SGD.Rule(rateMultiplier: 10, weightDecay: 0.1) }
    var gradients = Gradients()
    let gradient = Tensor(uninitialized: [2, 1, 1, 1], layout: .hwio)
    gradient.assign(kernelValues: [0.5, 1])
    gradients.add(weight, gradient)
    optimizer.step(gradients, rate: 0.01)
    // v = [0.6, 0.8]; w = [0.94, -2.08]
    expectClose(actual: weight.value.kernelValues, expected: [0.94, -2.08], tolerance: 1e-6)
    optimizer.step(gradients, rate: 0.01)
    // v = 0.9 * [0.6, 0.8] + [0.594, 0.792] = [1.134, 1.512]
    expectClose(actual: weight.value.kernelValues, expected: [0.8266, -2.2312], tolerance: 1e-6)
    expectClose(
      actual: try #require(optimizer.state["velocity.head.weight"]).values, expected: [1.134, 1.512],
      tolerance: 1e-6)
  }

  @Test func restoringNamesWhatIsMissing() throws {
    let store = ParameterStore(seed: 1)
    let weight = store.root["a"].parameter("weight", [3]) { _ in [1, 2, 3] }
    let optimizer = SGD([weight], momentum: 0.9) { _ in SGD.Rule(rateMultiplier: 1, weightDecay: 0) }
    #expect(throws: StateError.missing(["velocity.a.weight"])) { try optimizer.restore(StateDict()) }
    #expect(throws: StateError.mismatchedShape(path: "velocity.a.weight", found: "[2]", expected: "[3]")) {
      try optimizer.restore(StateDict([("velocity.a.weight", Tensor([4, 5], shape: [2]))]))
    }
    try optimizer.restore(StateDict([("velocity.a.weight", Tensor([4, 5, 6], shape: [3]))]))
    #expect(optimizer.state["velocity.a.weight"]?.values == [4, 5, 6])
  }

  @Test func scheduleWarmsUpThenDecays() {
    let schedule = PolySchedule(
      baseRate: 0.01, iterations: 1000, warmUpRatio: 0.01, warmUpFloor: 1e-6, power: 0.9)
    expectClose(schedule.rate(at: 0), 1e-6, tolerance: 1e-15)
    expectClose(schedule.rate(at: 5), 0.005, tolerance: 1e-12)
    expectClose(schedule.rate(at: 10), 0.01, tolerance: 1e-12)
    expectClose(schedule.rate(at: 505), 0.01 * 0.5358867312681466, tolerance: 1e-12)
    #expect(schedule.rate(at: 999) > 0 && schedule.rate(at: 1000) == 0)
    #expect((11..<1000).allSatisfy { schedule.rate(at: $0) < schedule.rate(at: $0 - 1) })
  }
}
