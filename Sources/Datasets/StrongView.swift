import Images
import Tensors

/// A way of drawing strong augmentations for a crop.
public enum StrongView: Equatable, Sendable {
  /// AugSeg (Zhao et al., CVPR 2023): 1 to `maximumOperations` of eleven operations, with replacement.
  ///
  /// Draws 1 + 2 `maximumOperations` numbers: how many operations; then for each that there may be, which one, and the
  /// number that its strength is made of, whether it has one or not.
  case augSeg(maximumOperations: Int)
  /// iMAS (Zhao et al., CVPR 2023): exactly `operations` of twelve, with replacement.
  ///
  /// Draws 2 `operations` numbers: for each operation which one, and the number that its strength is made of.
  case imas(operations: Int)
  /// UniMatch (Yang et al., CVPR 2023): colour jitter with probability 0.8, greyscale with 0.2, blur with 0.5.
  ///
  /// Draws 11 numbers: whether there is jitter; its factors of brightness, contrast and saturation, and its shift of hue; the
  /// order of these four (three numbers); whether there is greyscale; whether there is blur; its sigma.
  case uniMatch

  /// What is done to one crop, in order.
  ///
  /// Ranges are those of the methods' public codes. How many numbers are drawn depends on the view alone.
  public func operations(using random: inout RandomSource) -> [PictureOperation] {
    switch self {
    case .augSeg(let maximum):
      precondition(maximum > 0, "StrongView: at most \(maximum) operations")
      let count = 1 + random.below(maximum)
      let drawn = (0..<maximum).map { _ in StrongOperation.augSeg(using: &random) }
      return Array(drawn.prefix(count))
    case .imas(let count):
      precondition(count > 0, "StrongView: \(count) operations")
      return (0..<count).map { _ in StrongOperation.imas(using: &random) }
    case .uniMatch: return StrongView.jitter(using: &random)
    }
  }

  /// torchvision's ColorJitter(0.5, 0.5, 0.5, 0.25), RandomGrayscale and Pillow's GaussianBlur.
  private static func jitter(using random: inout RandomSource) -> [PictureOperation] {
    let hasJitter = random.uniform() < 0.8
    let changes: [PictureOperation] = [
      .brightness(random.uniform(0.5, 1.5)), .contrast(random.uniform(0.5, 1.5)),
      .color(random.uniform(0.5, 1.5)), .hue(random.uniform(-0.25, 0.25)),
    ]
    let order = random.permutation(changes.count)
    let isGrey = random.uniform() < 0.2
    let hasBlur = random.uniform() < 0.5
    let sigma = random.uniform(0.1, 2)
    return (hasJitter ? order.map { changes[$0] } : []) + (isGrey ? [.grayscale] : [])
      + (hasBlur ? [.gaussianBlur(sigma: sigma)] : [])
  }
}

/// The operations of AugSeg and iMAS, each with its strength from one uniform number.
private enum StrongOperation: CaseIterable {
  case identity, autocontrast, equalize, gaussianBlur, contrast, brightness, color, sharpness, posterize
  case solarize, hue, invert

  /// Of the first eleven.
  static func augSeg(using random: inout RandomSource) -> PictureOperation {
    let all = allCases.prefix(11)
    return all[random.below(all.count)].picture(random.uniform(), span: 0.9)
  }

  /// Of all twelve.
  static func imas(using random: inout RandomSource) -> PictureOperation {
    allCases[random.below(allCases.count)].picture(random.uniform(), span: 0.85)
  }

  /// - Parameters:
  ///   - strength: uniform in 0..<1; 0 is the least change.
  ///   - span: of the factors, which are in (0.95 - span)...0.95: these views fade, they never enhance.
  func picture(_ strength: Double, span: Double) -> PictureOperation {
    let factor = 0.95 - span * strength
    /// Whole steps down from the largest value of a range: at least one.
    func steps(_ count: Double) -> Int { max(1, Int((count * strength).rounded(.up))) }
    switch self {
    case .identity: return .identity
    case .autocontrast: return .autocontrast
    case .equalize: return .equalize
    case .gaussianBlur: return .gaussianBlur(sigma: 0.1 + 1.9 * strength)
    case .contrast: return .contrast(factor)
    case .brightness: return .brightness(factor)
    case .color: return .color(factor)
    case .sharpness: return .sharpness(factor)
    case .posterize: return .posterize(bits: 8 - steps(4))
    case .solarize: return .solarize(threshold: 256 - steps(255))
    // A size in 0..<0.5 with either sign is one number between them.
    case .hue: return .hue(strength - 0.5)
    case .invert: return .invert
    }
  }
}

/// A view under the name that steps ask for it by.
public struct NamedView: Equatable, Sendable {
  public let name: String
  public let view: StrongView

  public init(_ name: String, _ view: StrongView) {
    self.name = name
    self.view = view
  }
}
