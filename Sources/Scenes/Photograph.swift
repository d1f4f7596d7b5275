import Images
import Tensors

/// What a scene shows at a point of the picture.
struct Sight {
  var color: RGB
  var label: UInt8
}

/// Turns a scene, a function of the picture position in pixels, into an image as a camera would take it and
/// into the labels an annotator would draw.
struct Photograph {
  let height: Int
  let width: Int
  /// Overall light and its tint.
  private let light: RGB
  /// Brightness gained from left to right and from top to bottom.
  private let slope: SIMD2<Float>
  /// Strength of the lens blur, 0...1.
  private let blur: Float
  /// Sensor noise, standard deviation on the 0...1 scale.
  private let grain: Float
  private let clouds: Noise
  private let jitter: Noise

  init(height: Int, width: Int, using random: inout RandomSource) {
    self.height = height
    self.width = width
    let brightness = random.float(0.72, 1.15)
    let warmth = random.float(-0.07, 0.07)
    light = RGB(brightness * (1 + warmth), brightness, brightness * (1 - warmth))
    slope = SIMD2(random.float(-0.15, 0.15), random.float(-0.12, 0.12))
    blur = random.float(0.3, 1)
    grain = random.float(0.012, 0.035)
    clouds = Noise(using: &random)
    jitter = Noise(using: &random)
  }

  /// Four samples a pixel, lens blur, light, sensor noise.
  func image(_ scene: (Float, Float) -> Sight, using random: inout RandomSource) -> ImageBuffer {
    var plane = [RGB](repeating: .zero, count: height * width)
    for y in 0..<height {
      for x in 0..<width {
        var sum = RGB.zero
        for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] as [(Float, Float)] {
          sum += scene(Float(x) + dx, Float(y) + dy).color
        }
        let (u, v) = (Float(x) / Float(width) - 0.5, Float(y) / Float(height) - 0.5)
        let patch = 0.88 + 0.24 * clouds.fractal(u * 3, v * 3)
        let corner = 1 - 0.35 * (u * u + v * v)
        plane[y * width + x] = sum / 4 * light * (patch * corner * (1 + slope.x * u + slope.y * v))
      }
    }
    let soft = blurred(plane)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(height * width * 3)
    for (sharp, soft) in zip(plane, soft) {
      let value = sharp * (1 - blur) + soft * blur
      // A triangular distribution is close enough to a sensor's noise.
      let bits = random.next()
      for channel in 0..<3 {
        let first = Float((bits >> (20 * UInt64(channel))) & 0x3FF)
        let second = Float((bits >> (20 * UInt64(channel) + 10)) & 0x3FF)
        let noisy = value[channel] + (first + second - 1023) * (grain * 2.45 / 1024)
        pixels.append(UInt8(min(max(noisy * 255, 0), 255)))
      }
    }
    return ImageBuffer(height: height, width: width, pixels: pixels)
  }

  /// The binomial 3x3 filter, edges repeated.
  private func blurred(_ plane: [RGB]) -> [RGB] {
    var rows = plane
    for y in 0..<height {
      for x in 0..<width {
        let (left, right) = (max(x - 1, 0), min(x + 1, width - 1))
        rows[y * width + x] =
          (plane[y * width + left] + plane[y * width + x] * 2 + plane[y * width + right]) / 4
      }
    }
    var result = rows
    for y in 0..<height {
      let (above, below) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
      for x in 0..<width {
        result[y * width + x] = (rows[above + x] + rows[y * width + x] * 2 + rows[below + x]) / 4
      }
    }
    return result
  }

  /// Labels along borders that wander by up to `wander` pixels, as a hand-drawn outline does.
  func labels(_ scene: (Float, Float) -> Sight, wander: Float) -> LabelMap {
    var map = LabelMap(height: height, width: width)
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = (Float(x) / 7, Float(y) / 7)
        let dx = (jitter.value(u, v) - 0.5) * 2 * wander
        let dy = (jitter.value(u + 100, v + 50) - 0.5) * 2 * wander
        map[y, x] = scene(Float(x) + 0.5 + dx, Float(y) + 0.5 + dy).label
      }
    }
    return map
  }
}
