import Foundation

/// Why ranks cannot work together.
public enum RanksError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// A companion takes part no more.
  case lost(rank: Int, reason: String)
  /// The library that carries messages has failed.
  case library(operation: String, reason: String)
  /// The program was built without the library, which a trait of the package adds.
  case notBuilt(trait: String)

  public var description: String {
    switch self {
    case .lost(let rank, let reason): "rank \(rank) is lost: \(reason)"
    case .library(let operation, let reason): "\(operation): \(reason)"
    case .notBuilt(let trait):
      "--mpi: this jml was built without MPI; build it with: swift build -c release --traits \(trait) "
        + "(Debian: libmpich-dev or libopenmpi-dev)"
    }
  }

  public var errorDescription: String? { description }
}
