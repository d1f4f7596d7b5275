import CKernels
import Tensors

/// Exponential moving averages, updated in place.
public enum MovingAverage {
  /// average = decay * average + (1 - decay) * value, of tensors of one shape and layout.
  public static func update(_ average: Tensor, from value: Tensor, decay: Float) {
    precondition(
      average.shape == value.shape && average.layout == value.layout,
      "MovingAverage: \(value.shape) (\(value.layout)) for \(average.shape) (\(average.layout))")
    withExtendedLifetime((average, value)) {
      jml_average_step(average.pointer, value.pointer, average.elementCount, decay)
    }
  }
}
