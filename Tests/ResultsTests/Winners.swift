import Foundation
import Results

/// Keeps claims until all who try are done.
final class Winners: @unchecked Sendable {
  private let lock = NSLock()
  private var claims: [RunClaim] = []
  private var errors: [any Error] = []

  func attempt(_ body: () throws -> RunClaim?) {
    do {
      guard let claim = try body() else { return }
      lock.withLock { claims.append(claim) }
    } catch {
      lock.withLock { errors.append(error) }
    }
  }

  var counts: [Int] { lock.withLock { [claims.count, errors.count] } }
}
