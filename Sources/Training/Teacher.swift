import Autograd
import Losses
import Models
import Tensors

/// What a student learns from: logits for the student's own augmented crops.
public protocol Teacher: AnyObject {
  /// - Parameters:
  ///   - images: the student's batch, [B, 3, H, W], plain.
  ///   - iteration: the student's, from 0. Equal streams of crops have equal images at equal iterations.
  /// - Returns: low-resolution logits, [B, C, h, w], plain.
  func logits(of images: Tensor, iteration: Int) throws -> SegmentationLoss.TeacherLogits
}

/// A trained network in evaluation mode.
public final class NetworkTeacher: Teacher {
  private let model: SegmentationModel

  public init(_ model: SegmentationModel) { self.model = model }

  public func logits(of images: Tensor, iteration: Int) -> SegmentationLoss.TeacherLogits {
    let logits = model(Variable(constant: images), .evaluation())
    return SegmentationLoss.TeacherLogits(main: logits.main.value, auxiliary: logits.auxiliary.value)
  }
}
