import Autograd
import Layers

/// UNet's decoder (Ronneberger et al., MICCAI 2015) over a classification backbone: five times, double the size, join the
/// backbone's map of that size (the last stage has none), and convolve twice.
struct UNet: Sendable {
  private let blocks: [[ConvNormAct]]

  /// - Parameters:
  ///   - channels: of the backbone's five maps, the finest (stride 2) first.
  ///   - widths: channels after each of the five stages.
  init(_ scope: ParameterScope, channels: [Int], widths: [Int]) {
    precondition(
      widths.count == channels.count, "UNet: \(widths.count) stages for \(channels.count) feature maps")
    let skips = channels.reversed().dropFirst() + [0]
    let inputs = [channels[channels.count - 1]] + widths.dropLast()
    blocks = zip(zip(inputs, skips), widths).enumerated().map { index, part in
      let ((input, skip), width) = part
      return [input + skip, width].enumerated().map { place, input in
        ConvNormAct(
          scope["blocks"][index]["conv"][place], inChannels: input, outChannels: width, kernel: 3, dilation: 1
        )
      }
    }
  }

  /// The backbone's maps to [B, widths.last, H, W].
  func callAsFunction(_ maps: [Variable], _ pass: ForwardPass) -> Variable {
    var x = maps[maps.count - 1]
    for (index, block) in blocks.enumerated() {
      x = pass.resize(x, height: 2 * x.shape[2], width: 2 * x.shape[3])
      let skip = maps.count - 2 - index
      if skip >= 0 { x = pass.concatenate([x, maps[skip]]) }
      x = block.reduce(x) { $1($0, pass) }
    }
    return x
  }
}
