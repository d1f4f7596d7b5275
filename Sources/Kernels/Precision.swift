import CKernels

/// How a network's products take their operands. Weights, activations in memory, sums and everything else are float32.
public enum Precision: String, Sendable, CaseIterable {
  case float32
  /// Products of convolutions and of dense layers on tokens round both operands to bfloat16 (8 bits of exponent, 7 of fraction)
  /// and sum in float32, with the instructions of AVX-512 BF16, which multiply twice as many pairs. Winograd's operands are
  /// rounded after their transforms, which leaves errors of 1.1 % of the outputs' deviation where direct products leave 0.24 %:
  /// its points are chosen for that (`BalancedScheme`). In float32 stay attention's scores, which a softmax reads, and layers
  /// whose channels are no whole blocks of 16, among them the first and the classifier.
  case bfloat16

  /// Whether this CPU has the instructions.
  public var isAvailable: Bool {
    switch self {
    case .float32: true
    case .bfloat16: jml_has_short_products() != 0 && KernelRuntime.preferredLayout == .blocked(16)
    }
  }
}
