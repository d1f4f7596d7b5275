import Autograd
import Losses
import Models
import Tensors

/// What a teacher says of a batch.
public struct TeacherOutputs: Sendable {
  /// Low-resolution logits, [B, C, h, w], plain.
  public let logits: SegmentationLoss.TeacherLogits
  /// Feature maps that were asked for, [B, C, h, w], in the layout of the engine.
  private let features: [FeatureTap: Tensor]

  public init(logits: SegmentationLoss.TeacherLogits, features: [FeatureTap: Tensor] = [:]) {
    self.logits = logits
    self.features = features
  }

  public subscript(tap: FeatureTap) -> Tensor {
    guard let map = features[tap] else {
      preconditionFailure("TeacherOutputs: feature tap \(tap) was not asked for")
    }
    return map
  }
}

/// What a student learns from: outputs for the student's own augmented crops.
public protocol Teacher: AnyObject {
  /// - Parameters:
  ///   - images: the student's batch, [B, 3, H, W], plain.
  ///   - iteration: the student's, from 0. Equal streams of crops have equal images at equal iterations.
  ///   - taps: feature maps to give besides the logits.
  func outputs(of images: Tensor, iteration: Int, taps: Set<FeatureTap>) throws -> TeacherOutputs
}

/// A trained network in evaluation mode.
public final class NetworkTeacher: Teacher {
  public let model: SegmentationModel

  public init(_ model: SegmentationModel) { self.model = model }

  public func outputs(of images: Tensor, iteration: Int, taps: Set<FeatureTap>) -> TeacherOutputs {
    let outputs = model(Variable(constant: images), .evaluation(), taps: taps)
    return TeacherOutputs(
      logits: SegmentationLoss.TeacherLogits(main: outputs.main.value, auxiliary: outputs.auxiliary?.value),
      features: Dictionary(uniqueKeysWithValues: taps.map { ($0, outputs[$0].value) }))
  }
}
