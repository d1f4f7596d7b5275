import Autograd
import Kernels
import Models
import Optimizers
import Tensors
import Training

/// The average of a student that labels its unlabelled images: parameters and running statistics, in evaluation mode.
///
/// It follows by min(1 - 1 / (iteration + 1), decay) (Tarvainen and Valpola, NeurIPS 2017). In the first of
/// `epochs` parts of the run it is the student (AugSeg, iMAS).
package struct MeanTeacher {
  package let average: ExponentialMovingAverage
  private let decay: Double
  private let epochs: Int?

  /// - Parameter epochs: nil: there is no such part.
  package init(_ setup: SemiSupervisedSetup, decay: Double, epochs: Int?) {
    average = ExponentialMovingAverage(setup.emptyNetwork(), following: setup.student)
    self.decay = decay
    self.epochs = epochs
  }

  /// - Parameter images: [B, 3, H, W], plain.
  func predictions(_ images: Tensor) -> Predictions { average.model.predictions(images) }

  /// What a run that is taught by an average is evaluated by: itself, and the student beside it.
  func networks(with student: SegmentationModel) -> [NamedNetwork] {
    [NamedNetwork("average", average.model), NamedNetwork(StudentNetwork.name, student)]
  }

  /// The state of a step of both.
  func parts(_ student: SegmentationModel, _ optimizer: any Optimizer) -> [StatePart] {
    [
      StatePart("student", student), StatePart("optimizer.student", optimizer), StatePart("average", average),
    ]
  }

  /// The student's update, and the average's after it.
  func update(
    _ student: SegmentationModel, _ optimizer: any Optimizer, _ gradients: Gradients, _ moment: StepMoment
  ) {
    Profiler.measure("optimizer") { optimizer.step(gradients, rate: moment.rate) }
    follow(student, moment)
  }

  /// After the student's update.
  package func follow(_ student: SegmentationModel, _ moment: StepMoment) {
    let ramp = min(1 - 1 / Double(moment.iteration + 1), decay)
    Profiler.measure("average") {
      average.update(from: student, decay: epochs.map { moment.epoch(of: $0) } == 0 ? 0 : ramp)
    }
  }
}

extension SegmentationModel {
  /// What the network says of the pixels of `images`, [B, 3, H, W], plain: in evaluation mode, without a tape.
  package func predictions(_ images: Tensor) -> Predictions {
    let logits = self(Variable(constant: images), .evaluation()).main.value
    return Predictions(logits: logits, height: images.shape[2], width: images.shape[3])
  }
}
