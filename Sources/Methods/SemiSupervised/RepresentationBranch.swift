import Autograd
import Kernels
import Layers
import Models
import Tensors
import Training

/// U2PL's second head (Wang et al., CVPR 2022): a map of the network to vectors that the contrastive loss compares. Twice a
/// 3x3 convolution, batch norm and ReLU, with the channel dropout of the network's own head behind each; then a 1x1
/// convolution with bias. 256 channels all along.
///
/// It reads DeepLabV3+'s joined map, as in the public code, and the decoder's output of any other network. Only training
/// passes go through it, so that its running statistics have no effect; they are state all the same.
package final class RepresentationBranch: Stateful {
  /// Channels of a vector.
  package static let width = 256

  /// What it reads.
  package let tap: FeatureTap
  private let dropout: Double
  private let store: ParameterStore
  private let units: [ConvNormAct]
  private let last: Conv2d

  /// - Parameters:
  ///   - seed: of the initial values.
  ///   - precision: of its products.
  package init(_ architecture: Architecture, seed: UInt64, precision: Precision = .float32) {
    tap = architecture.taps.contains(.joined) ? .joined : .decoder
    dropout = architecture.dropout
    store = ParameterStore(seed: seed, precision: precision)
    let root = store.root["representation"]
    let width = Self.width
    units = [architecture.channels(of: tap), width].enumerated().map { index, input in
      ConvNormAct(root[index], inChannels: input, outChannels: width, kernel: 3, dilation: 1)
    }
    last = Conv2d(
      root["2"], inChannels: width, outChannels: width, kernel: 1, stride: 1, padding: 0, dilation: 1,
      groups: 1, bias: true, initializer: .uniformFanIn)
  }

  /// - Returns: [B, 256, h, w] in the size of the map it reads.
  package func callAsFunction(_ outputs: SegmentationModel.Outputs, _ pass: ForwardPass) -> Variable {
    let hidden = units.reduce(outputs[tap]) { pass.channelDropout($1($0, pass), probability: dropout) }
    return last(hidden, pass)
  }

  package var parameters: [Parameter] { store.parameters }

  /// Its parameters follow another's: e = decay * e + (1 - decay) * s.
  package func update(from other: RepresentationBranch, decay: Double) {
    ExponentialMovingAverage.update(parameters, from: other.parameters, decay: decay)
  }

  /// Parameters, then running statistics, by their dotted names.
  package var state: StateDict {
    var state = ParameterState(store.parameters).state
    for entry in BufferState(store.buffers).state.tensors { state.add(entry.path, entry.tensor) }
    return state
  }

  package func restore(_ state: StateDict) throws(StateError) {
    let targets = store.parameters.map { ($0.name, $0.value) } + store.buffers.map { ($0.name, $0.value) }
    try state.check(against: targets.map { ($0.0, $0.1.shape) })
    for (name, value) in targets {
      if let tensor = state[name] { value.assign(tensor) }
    }
  }
}
