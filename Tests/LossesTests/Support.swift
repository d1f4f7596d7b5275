import Foundation
import Losses
import Tensors

/// Random logits and label maps, and an up-sampling of its own: what the fused head is compared with.

func randomTensor(_ shape: Shape, seed: UInt64, scale: Double = 3) -> Tensor {
  var random = RandomSource(seed: seed, purpose: "logits")
  return Tensor((0..<shape.count).map { _ in Float(random.uniform(-scale, scale)) }, shape: shape)
}

/// Rectangles of classes and of the ignore index; the last class does not occur.
func randomLabels(_ count: Int, _ height: Int, _ width: Int, classes: Int, ignore: UInt8, seed: UInt64)
  -> LabelBatch
{
  var random = RandomSource(seed: seed, purpose: "labels")
  var labels = LabelBatch(
    count: count, height: height, width: width, values: [UInt8](repeating: 0, count: count * height * width))
  for image in 0..<count {
    for patch in 0..<12 {
      let top = random.below(height)
      let left = random.below(width)
      let bottom = min(height, top + 1 + random.below(max(1, height / 2)))
      let right = min(width, left + 1 + random.below(max(1, width / 2)))
      let value = patch % 5 == 4 ? ignore : UInt8(random.below(classes - 1))
      for y in top..<bottom {
        for x in left..<right { labels.values[(image * height + y) * width + x] = value }
      }
    }
  }
  return labels
}

/// Bilinear interpolation along one axis: the two source indices and the second's weight, by the textbook
/// rule (half-pixel centres, positions below the first centre moved to it, the last index repeated).
func taps(_ pixels: Int, from cells: Int) -> [(first: Int, second: Int, weight: Double)] {
  (0..<pixels).map { pixel in
    let position = max((Double(pixel) + 0.5) * Double(cells) / Double(pixels) - 0.5, 0)
    let first = min(Int(position), cells - 1)
    return (first, min(first + 1, cells - 1), position - Double(first))
  }
}

/// [B, C, h, w] to [B, C, height, width].
func upsample(_ source: Tensor, _ height: Int, _ width: Int) -> Tensor {
  let (planes, rows, columns) = (source.shape[0] * source.shape[1], source.shape[2], source.shape[3])
  let down = taps(height, from: rows)
  let across = taps(width, from: columns)
  let values = source.values.map(Double.init)
  var result: [Float] = []
  result.reserveCapacity(planes * height * width)
  for plane in 0..<planes {
    func at(_ y: Int, _ x: Int) -> Double { values[(plane * rows + y) * columns + x] }
    for y in down {
      for x in across {
        let top = at(y.first, x.first) * (1 - x.weight) + at(y.first, x.second) * x.weight
        let bottom = at(y.second, x.first) * (1 - x.weight) + at(y.second, x.second) * x.weight
        result.append(Float(top * (1 - y.weight) + bottom * y.weight))
      }
    }
  }
  return Tensor(result, shape: [source.shape[0], source.shape[1], height, width])
}

/// The transpose of `upsample`.
func downsample(_ gradient: [Double], to shape: Shape, _ height: Int, _ width: Int) -> [Double] {
  let (rows, columns) = (shape[2], shape[3])
  let down = taps(height, from: rows)
  let across = taps(width, from: columns)
  var result = [Double](repeating: 0, count: shape.count)
  for plane in 0..<shape[0] * shape[1] {
    for (i, y) in down.enumerated() {
      for (j, x) in across.enumerated() {
        let g = gradient[(plane * height + i) * width + j]
        let base = plane * rows * columns
        result[base + y.first * columns + x.first] += g * (1 - y.weight) * (1 - x.weight)
        result[base + y.first * columns + x.second] += g * (1 - y.weight) * x.weight
        result[base + y.second * columns + x.first] += g * y.weight * (1 - x.weight)
        result[base + y.second * columns + x.second] += g * y.weight * x.weight
      }
    }
  }
  return result
}

/// Softmax over axis 1 of [B, C, H, W] / temperature.
func softmax(_ logits: Tensor, temperature: Double = 1) -> Tensor {
  let (batch, classes, pixels) = (logits.shape[0], logits.shape[1], logits.shape[2] * logits.shape[3])
  let z = logits.values.map { Double($0) / temperature }
  var result = [Float](repeating: 0, count: z.count)
  for image in 0..<batch {
    for pixel in 0..<pixels {
      let indices = (0..<classes).map { (image * classes + $0) * pixels + pixel }
      let top = indices.map { z[$0] }.max() ?? 0
      let weights = indices.map { exp(z[$0] - top) }
      let total = weights.reduce(0, +)
      for (index, weight) in zip(indices, weights) { result[index] = Float(weight / total) }
    }
  }
  return Tensor(result, shape: logits.shape)
}
