import CKernels
import Tensors

/// The border to the fused kernels: one head, its targets, and scratch memory for both passes.
struct FusedHead {
  let logits: Tensor
  let teacher: Tensor?
  let labels: LabelBatch
  let boundary: PixelMask?
  let epsilon: Double
  let ignoreIndex: UInt8
  let temperature: Double

  /// First pass.
  /// - maxima: whether maxima of probabilities are wanted; maxima of labels always are.
  /// - sums: cross entropy and divergence, summed over kept pixels.
  func totals(
    _ counts: LabelCounts, maxima: Bool, sums: inout [Double]
  ) -> (label: JaccardTotals, teacher: JaccardTotals?) {
    let batch = logits.shape[0]
    let classes = logits.shape[1]
    let width = Int(jml_total_count.rawValue)
    var raw = [Double](repeating: 0, count: batch * classes * width)
    withHead { head, workspace in
      jml_loss_head_totals(&head, maxima ? 1 : 0, workspace, &raw, &sums)
    }
    func column(_ field: jml_head_total) -> [Double] {
      stride(from: Int(field.rawValue), to: raw.count, by: width).map { raw[$0] }
    }
    var label = JaccardTotals(batch: batch, classes: classes)
    label.probability = column(jml_total_probability)
    label.distance = column(jml_total_label_distance)
    label.maxProbability = column(jml_total_max_probability)
    label.maxSum = column(jml_total_max_label_sum)
    fillLabels(&label, counts)
    guard teacher != nil else { return (label, nil) }
    var other = label
    other.label = column(jml_total_teacher)
    other.distance = column(jml_total_teacher_distance)
    other.maxLabel = column(jml_total_max_teacher)
    other.maxSum = column(jml_total_max_teacher_sum)
    return (label, other)
  }

  /// Second pass.
  /// - coefficients: [B, C, 3], derivatives of the Jaccard loss by the sums of p, |p - y| and |p - t|; or
  ///   nil.
  /// - sums: room for cross entropy and divergence if the first pass was not made; or nil.
  func gradient(
    into gradient: Tensor, coefficients: [Float]?, crossEntropy: Double, divergence: Double,
    sums: UnsafeMutablePointer<Double>?
  ) {
    withHead { head, workspace in
      if let coefficients {
        jml_loss_head_gradient(
          &head, coefficients, Float(crossEntropy), Float(divergence), workspace, gradient.pointer, sums)
      } else {
        jml_loss_head_gradient(
          &head, nil, Float(crossEntropy), Float(divergence), workspace, gradient.pointer, sums)
      }
    }
    withExtendedLifetime(gradient) {}
  }

  /// Sums and maxima of the labels follow from counts.
  private func fillLabels(_ totals: inout JaccardTotals, _ counts: LabelCounts) {
    let classes = totals.classes
    let low = epsilon / Double(classes)
    let high = 1 - epsilon + low
    for image in 0..<totals.batch {
      let range = image * classes..<(image + 1) * classes
      let smoothed = counts.smoothed[range].reduce(0, +)
      for index in range {
        let own = counts.smoothed[index]
        totals.label[index] = Double(counts.plain[index]) + Double(own) * high + Double(smoothed - own) * low
        totals.isPresent[index] = counts.plain[index] + own > 0
        if counts.plain[index] > 0 {
          totals.maxLabel[index] = 1
        } else if own > 0 {
          totals.maxLabel[index] = high
        } else if smoothed > 0 {
          totals.maxLabel[index] = low
        }
      }
    }
  }

  private func withHead(_ body: (inout jml_loss_head, UnsafeMutableRawPointer) -> Void) {
    labels.values.withUnsafeBufferPointer { labelValues in
      guard let labelStart = labelValues.baseAddress else { return }
      func call(_ boundaryStart: UnsafePointer<UInt8>?) {
        var head = jml_loss_head(
          batch: logits.shape[0], classes: logits.shape[1], height: labels.height, width: labels.width,
          rows: logits.shape[2], columns: logits.shape[3], logits: logits.pointer, labels: labelStart,
          ignore: ignoreIndex, boundary: boundaryStart, epsilon: Float(epsilon), teacher: teacher?.pointer,
          teacher_rows: teacher?.shape[2] ?? 0, teacher_columns: teacher?.shape[3] ?? 0,
          temperature: Float(temperature))
        let workspace = TensorStorage(count: (jml_loss_head_workspace(&head) + 3) / 4)
        withExtendedLifetime((logits, teacher, workspace)) {
          body(&head, UnsafeMutableRawPointer(workspace.base))
        }
      }
      if let boundary {
        boundary.values.withUnsafeBufferPointer { call($0.baseAddress) }
      } else {
        call(nil)
      }
    }
  }
}
