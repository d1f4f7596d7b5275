import Autograd
import Kernels
import Layers
import Losses
import Methods
import Models
import Schemas
import Tensors
import Training

/// What a new term costs: this file, a line in the catalogue and a YAML file. The mean squared difference between the
/// student's decoder features, brought to the teacher's width by a 1x1 convolution, and the teacher's; and a count of
/// its steps, to have a state of its own.
public final class ToyTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "toy",
    parameters: [
      ParameterSchema("margin", .number(.closed(0, 1))), ParameterSchema("rounds", .integer(1...9)),
      ParameterSchema("strict", .flag),
    ], roles: ["teacher"])

  private final class Steps: Stateful {
    var count = 0

    var state: StateDict {
      var state = StateDict()
      state.add("count", count)
      return state
    }

    func restore(_ state: StateDict) throws(StateError) { count = try state.required("count") }
  }

  public let taps: Set<FeatureTap> = [.decoder]
  private let store: ParameterStore
  private let adapter: Conv2d
  private let weight: Double
  private let steps = Steps()

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight * (1 - parameters.number("margin")) * Double(parameters.integer("rounds"))
    store = ParameterStore(seed: setup.seed)
    adapter = Conv2d(
      store.root["adapter"], inChannels: setup.student.architecture.channels(of: .decoder),
      outChannels: setup.teacher.channels(of: .decoder), kernel: 1, stride: 1, padding: 0, dilation: 1,
      groups: 1,
      bias: false, initializer: .kaimingUniformFanIn)
  }

  public var parameters: [Parameter] { store.parameters }
  public var parts: [StatePart] { [StatePart("steps", steps)] }

  public func evaluate(_ input: TermInput) -> TermOutput {
    let student = input.pass.convert(adapter(input.student[.decoder], input.pass), to: .plain)
    let teacher = input.teacher[.decoder].converted(to: .plain)
    precondition(student.shape == teacher.shape, "ToyTerm: \(student.shape), \(teacher.shape)")
    let count = Double(student.shape.count)
    let gradient = Tensor(uninitialized: student.shape)
    var sum = 0.0
    for index in 0..<student.shape.count {
      let difference = student.value.pointer[index] - teacher.pointer[index]
      sum += Double(difference) * Double(difference)
      gradient.pointer[index] = Float(2 * weight / count) * difference
    }
    return TermOutput(value: weight * sum / count, gradients: [(student, gradient)]) { [steps] in
      steps.count += 1
    }
  }
}
