import Runner

/// What the time from the start of a process to the end of its first training step is made of.
public struct StartPhases: Equatable, Sendable {
  /// The names that reports use, each up to a moment of the process.
  private static let names: [(name: String, until: StartMoments.Moment)] = [
    ("load", .main), ("spec and data", .data), ("network", .network), ("first batch", .batch),
    ("first step", .step),
  ]

  /// Seconds, in the order in which they pass.
  public let parts: [Double]

  /// - Parameters:
  ///   - start: when the process was started, on the clock of `moments`.
  ///   - moments: nil comes back when one of them is missing.
  public init?(start: Double, moments: [StartMoments.Moment: Double]) {
    var parts: [Double] = []
    var last = start
    for (_, moment) in StartPhases.names {
      guard let time = moments[moment] else { return nil }
      parts.append(time - last)
      last = time
    }
    self.parts = parts
  }

  public var seconds: Double { parts.reduce(0, +) }

  /// Mean seconds of each phase.
  /// - Parameter all: at least one.
  package static func means(_ all: [StartPhases]) -> [(kind: String, seconds: Double)] {
    names.indices.map { index in
      (names[index].name, all.reduce(0) { $0 + $1.parts[index] } / Double(all.count))
    }
  }
}
