import Experiments
import Images
import Kernels
import Tensors

/// Times strong views of a picture: one to three operations each, drawn as AugSeg (Zhao et al., CVPR 2023) draws
/// them.
public struct ViewsBenchmark: Sendable {
  /// Views of a repeat. They differ too much in what they cost for a median over single ones.
  static let count = 30

  /// Pixels.
  public let size: (height: Int, width: Int)

  public init(size: (height: Int, width: Int)) { self.size = size }

  /// All views a repeat. `operations` in the JSON are those of all views, for a peer.
  public func run(_ repeats: Repeats) -> BenchmarkReport {
    let picture = BenchmarkNoise.picture(height: size.height, width: size.width)
    let views = (0..<ViewsBenchmark.count).map(ViewsBenchmark.view)
    let (times, work) = repeats.measure { _ in
      for operations in views {
        var view = picture
        for operation in operations { Profiler.measure(operation.words[0]) { view.apply(operation) } }
      }
    }
    let texts = views.map { view in view.map { $0.words.joined(separator: " ") }.joined(separator: "+") }
    return BenchmarkReport(
      "views",
      settings: [("size", .string("\(size.height)x\(size.width)")), ("views", .int(views.count))],
      inputs: [("operations", .string(texts.joined(separator: ";")))],
      times: times, work: work, threads: repeats.threads)
  }

  private static func view(_ index: Int) -> [PictureOperation] {
    var random = RandomSource(seed: 0, purpose: "views benchmark", index)
    return (0...random.below(3)).map { _ in operation(&random) }
  }

  /// One of eleven, with its strength.
  private static func operation(_ random: inout RandomSource) -> PictureOperation {
    let kind = random.below(11)
    let strength = random.uniform()
    let factor = 0.95 - 0.9 * strength
    switch kind {
    case 0: return .identity
    case 1: return .autocontrast
    case 2: return .equalize
    case 3: return .gaussianBlur(sigma: 0.1 + 1.9 * strength)
    case 4: return .contrast(factor)
    case 5: return .brightness(factor)
    case 6: return .color(factor)
    case 7: return .sharpness(factor)
    case 8: return .posterize(bits: 8 - max(1, Int((4 * strength).rounded(.up))))
    case 9: return .solarize(threshold: 256 - max(1, Int((255 * strength).rounded(.up))))
    default: return .hue(random.below(2) == 0 ? 0.5 * strength : -0.5 * strength)
    }
  }
}

extension PictureOperation {
  /// Its name and, if it has one, its number.
  fileprivate var words: [String] {
    switch self {
    case .identity: return ["identity"]
    case .autocontrast: return ["autocontrast"]
    case .equalize: return ["equalize"]
    case .invert: return ["invert"]
    case .grayscale: return ["grayscale"]
    case .gaussianBlur(let sigma): return ["gaussianBlur", "\(sigma)"]
    case .contrast(let factor): return ["contrast", "\(factor)"]
    case .brightness(let factor): return ["brightness", "\(factor)"]
    case .color(let factor): return ["color", "\(factor)"]
    case .sharpness(let factor): return ["sharpness", "\(factor)"]
    case .posterize(let bits): return ["posterize", "\(bits)"]
    case .solarize(let threshold): return ["solarize", "\(threshold)"]
    case .hue(let turns): return ["hue", "\(turns)"]
    }
  }
}
