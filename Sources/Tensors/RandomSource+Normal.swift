import Foundation

extension RandomSource {
  /// Normal values in pairs (Box and Muller).
  public static func normal(count: Int, deviation: Double, _ random: inout RandomSource) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in stride(from: 0, to: count, by: 2) {
        let radius = deviation * (-2 * log(1 - random.uniform())).squareRoot()
        let angle = 2 * Double.pi * random.uniform()
        buffer[index] = Float(radius * cos(angle))
        if index + 1 < count { buffer[index + 1] = Float(radius * sin(angle)) }
      }
      filled = count
    }
  }
}
