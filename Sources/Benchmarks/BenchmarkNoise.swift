import Datasets
import Images
import Tensors

/// Input for benchmarks, a function of its sizes.
enum BenchmarkNoise {
  /// Uniform in `range`.
  static func tensor(_ shape: Shape, _ range: ClosedRange<Double>) -> Tensor {
    var random = RandomSource(seed: 0, purpose: "benchmark")
    let tensor = Tensor(uninitialized: shape)
    let (low, span) = (Float(range.lowerBound), Float(range.upperBound - range.lowerBound))
    for index in 0..<shape.count {
      tensor.pointer[index] = low + span * Float(random.next() >> 40) * 0x1p-24
    }
    return tensor
  }

  /// Slopes under noise.
  static func picture(height: Int, width: Int) -> ImageBuffer {
    var random = RandomSource(seed: 0, purpose: "benchmark picture")
    let pixels = (0..<height * width * 3).map { index in
      let (y, x) = (index / 3 / width, index / 3 % width)
      return UInt8(((x + y) / 8 + 20 * (index % 3)) % 192 + random.below(64))
    }
    return ImageBuffer(height: height, width: width, pixels: pixels)
  }

  /// Blocks of `side` x `side` pixels, every class among them; between blocks of 16 rows a row is ignored.
  static func labels(count: Int, height: Int, width: Int, classes: Int, side: Int) -> LabelBatch {
    let across = (width + side - 1) / side
    let values = (0..<count * height * width).map { index in
      let (y, x) = (index / width % height, index % width)
      return y % (16 * side) == 0 ? LabelMap.ignore : UInt8((y / side * across + x / side) % classes)
    }
    return LabelBatch(count: count, height: height, width: width, values: values)
  }
}
