import Autograd
import Kernels
import Models
import Schemas
import Tensors

/// Intra-class feature variation distillation (IFVD, Wang et al., ECCV 2020) on the decoder's features F:
///
///     L = weight * mean over all pixels of (M_s - M_t)^2,    M(i) = cos(F_i, mu_{y_i})
///
/// where mu_c is the mean of F over the pixels of class c in the same image. Labels are sampled at the nearest pixel of
/// the features' grid; an ignored pixel is its own centre, so that it has M = 1 in both. The gradient goes through the
/// student's features and through its centres.
public final class IntraClassVariationTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "intra_class_variation", parameters: [], roles: ["teacher"])

  public let taps: Set<FeatureTap> = [.decoder]
  private let weight: Double
  private let classes: Int
  private let ignoreIndex: UInt8

  public static let isShared = true
  public let splitting = TermSplitting.meanOverImages

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    classes = setup.loss.classes
    ignoreIndex = setup.ignoreIndex
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    let (student, teacher) = try input.features(term: Self.schema.kind)
    let labels = input.labels.nearest(height: student.shape[2], width: student.shape[3])
    let tokens = input.pass.tokens(student)
    let result = loss(tokens.value, Tokens.from(map: teacher), labels)
    return TermOutput(value: result.value, gradients: [(tokens, result.gradient)])
  }

  /// - Parameters:
  ///   - student, teacher: [B, N, C] and [B, N, C'].
  ///   - labels: [B, N].
  package func loss(
    _ student: Tensor, _ teacher: Tensor, _ labels: [UInt8]
  ) -> (value: Double, gradient: Tensor) {
    let (images, pixels, channels) = (student.shape[0], student.shape[1], student.shape[2])
    let gradient = Tensor(uninitialized: student.shape)
    var sum = 0.0
    let share = weight / Double(images * pixels)
    for image in 0..<images {
      let own = labels[image * pixels..<(image + 1) * pixels].map { $0 == ignoreIndex ? nil : Int($0) }
      let s = Similarities(student.pointer + image * pixels * channels, channels, own, classes: classes)
      let t = Similarities(
        teacher.pointer + image * pixels * teacher.shape[2], teacher.shape[2], own, classes: classes)
      let differences = (0..<pixels).map { s.cosines[$0] - t.cosines[$0] }
      sum += differences.reduce(0) { $0 + $1 * $1 }
      s.backward(
        differences.map { 2 * share * $0 }, into: gradient.pointer + image * pixels * channels)
    }
    withExtendedLifetime((student, teacher, gradient)) {}
    return (share * sum, gradient)
  }

  /// Cosines of the pixels of an image to the centres of their classes.
  private struct Similarities {
    /// In the count of a class's pixels.
    private static let epsilon = 1e-6

    private let features: UnsafeMutablePointer<Float>
    private let channels: Int
    /// nil: ignored.
    private let labels: [Int?]
    private let classes: Int
    /// [classes, channels]
    private let centres: [Float]
    private let counts: [Double]
    private let centreNorms: [Double]
    private let norms: [Double]
    let cosines: [Double]

    init(_ features: UnsafeMutablePointer<Float>, _ channels: Int, _ labels: [Int?], classes: Int) {
      (self.features, self.channels, self.labels, self.classes) = (features, channels, labels, classes)
      var centres = [Float](repeating: 0, count: classes * channels)
      var counts = [Double](repeating: Similarities.epsilon, count: classes)
      centres.withUnsafeMutableBufferPointer { centres in
        for (pixel, label) in labels.enumerated() {
          guard let label else { continue }
          counts[label] += 1
          for c in 0..<channels { centres[label * channels + c] += features[pixel * channels + c] }
        }
        for label in 0..<classes {
          let inverse = Float(1 / counts[label])
          for c in 0..<channels { centres[label * channels + c] *= inverse }
        }
      }
      let (centreNorms, norms, cosines) = centres.withUnsafeBufferPointer { centres in
        let centreNorms = (0..<classes).map { label in
          Similarities.dot(centres, label * channels, centres, label * channels, channels).squareRoot()
        }
        let all = UnsafeBufferPointer(start: features, count: labels.count * channels)
        var (norms, cosines): ([Double], [Double]) = ([], [])
        for (pixel, label) in labels.enumerated() {
          let norm = Similarities.dot(all, pixel * channels, all, pixel * channels, channels).squareRoot()
          norms.append(norm)
          guard let label else {
            cosines.append(1)
            continue
          }
          let product = norm * centreNorms[label]
          cosines.append(
            product > 0
              ? Similarities.dot(all, pixel * channels, centres, label * channels, channels) / product : 0)
        }
        return (centreNorms, norms, cosines)
      }
      (self.centres, self.counts, self.centreNorms) = (centres, counts, centreNorms)
      (self.norms, self.cosines) = (norms, cosines)
    }

    private static func dot(
      _ a: UnsafeBufferPointer<Float>, _ first: Int, _ b: UnsafeBufferPointer<Float>, _ second: Int,
      _ count: Int
    ) -> Double {
      // Four sums, so that additions do not wait for one another; their order is fixed.
      var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
      var c = 0
      while c + 4 <= count {
        s0 += Double(a[first + c]) * Double(b[second + c])
        s1 += Double(a[first + c + 1]) * Double(b[second + c + 1])
        s2 += Double(a[first + c + 2]) * Double(b[second + c + 2])
        s3 += Double(a[first + c + 3]) * Double(b[second + c + 3])
        c += 4
      }
      while c < count {
        s0 += Double(a[first + c]) * Double(b[second + c])
        c += 1
      }
      return s0 + s1 + s2 + s3
    }

    /// - Parameters:
    ///   - slopes: dL / d cosine of each pixel.
    ///   - gradient: receives dL / d feature.
    func backward(_ slopes: [Double], into gradient: UnsafeMutablePointer<Float>) {
      var centreGradients = [Float](repeating: 0, count: classes * channels)
      centreGradients.withUnsafeMutableBufferPointer { centreGradients in
        for (pixel, label) in labels.enumerated() {
          let (start, norm) = (pixel * channels, norms[pixel])
          guard let label, norm > 0, centreNorms[label] > 0, slopes[pixel] != 0 else {
            for c in 0..<channels { gradient[start + c] = 0 }
            continue
          }
          let centre = label * channels
          let shared = Float(slopes[pixel] / (norm * centreNorms[label]))
          let own = Float(slopes[pixel] * cosines[pixel] / (norm * norm))
          let centreOwn = Float(
            slopes[pixel] * cosines[pixel] / (centreNorms[label] * centreNorms[label]))
          for c in 0..<channels {
            let (f, m) = (features[start + c], centres[centre + c])
            gradient[start + c] = shared * m - own * f
            centreGradients[centre + c] += shared * f - centreOwn * m
          }
        }
        for (pixel, label) in labels.enumerated() {
          guard let label else { continue }
          let inverse = Float(1 / counts[label])
          for c in 0..<channels {
            gradient[pixel * channels + c] += inverse * centreGradients[label * channels + c]
          }
        }
      }
    }
  }
}
