import Autograd
import Optimizers
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct AdamWTests {
  private func weight(_ store: ParameterStore) -> Parameter {
    store.root["head"].parameter("weight", [2, 1, 1, 1], layout: .hwio) { _ in [1, -2] }
  }

  private func gradients(_ weight: Parameter, _ values: [Float]) -> Gradients {
    var gradients = Gradients()
    let gradient = Tensor(uninitialized: weight.shape, layout: weight.value.layout)
    gradient.assign(kernelValues: values)
    gradients.add(weight, gradient)
    return gradients
  }

  /// In the first step both corrections cancel: w = w * (1 - rate * decay) - rate * sign(g). The second by hand.
  @Test func twoStepsByHand() {
    let weight = weight(ParameterStore(seed: 1))
    let optimizer = AdamW([weight], beta1: 0.9, beta2: 0.999, epsilon: 1e-8) { _ in
      ParameterRule(rateMultiplier: 10, weightDecay: 0.1)
    }
    optimizer.step(gradients(weight, [0.5, -4]), rate: 0.01)
    expectClose(actual: weight.value.kernelValues, expected: [0.89, -1.88], tolerance: 1e-6)
    optimizer.step(gradients(weight, [-0.5, -4]), rate: 0.01)
    // m = [-0.005, -0.76], / 0.19 = [-0.026316, -4]; v / correction = [0.25, 16]
    expectClose(
      actual: weight.value.kernelValues, expected: [0.89 * 0.99 + 0.1 * 0.0526316, -1.88 * 0.99 + 0.1],
      tolerance: 1e-6)
  }

  /// A restored optimizer ends with the same bits.
  @Test func resumes() throws {
    let (whole, halves) = (weight(ParameterStore(seed: 1)), weight(ParameterStore(seed: 1)))
    let make = { (weight: Parameter) in
      AdamW([weight], beta1: 0.9, beta2: 0.999, epsilon: 1e-8) { _ in
        ParameterRule(rateMultiplier: 1, weightDecay: 0.01)
      }
    }
    let (straight, first, second) = (make(whole), make(halves), make(halves))
    for step in 0..<6 {
      let values = [Float(step) - 2, 0.25]
      straight.step(gradients(whole, values), rate: 0.1)
      if step == 3 { try second.restore(first.state) }
      (step < 3 ? first : second).step(gradients(halves, values), rate: 0.1)
    }
    #expect(whole.value.kernelValues == halves.value.kernelValues)
    #expect(first.state.counter("steps") == 3)
    let means = StateDict(
      first.state.tensors.filter { $0.path.hasPrefix("exp_avg.") }.map { ($0.path, $0.tensor) })
    #expect(throws: StateError.missing(["exp_avg_sq.head.weight"])) { try second.restore(means) }
  }
}
