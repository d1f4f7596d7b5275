import Foundation
import Metrics
import Platform
import Ranks
import Training

/// Why a run that several ranks train cannot go on, as one of them has found.
public struct RankFailure: ExitCoding, Equatable, CustomStringConvertible {
  /// Who has found it.
  public let rank: Int
  public let reason: String
  public let exitCode: Int32
  /// The loss or a score is not finite: no reason to try again.
  public let isDivergence: Bool
  /// All ranks throw it at the same point; otherwise the others know nothing of it, and have to be ended.
  public let isAgreed: Bool

  public var description: String { "rank \(rank): \(reason)" }

  init(_ error: any Error, rank: Int, isAgreed: Bool) {
    self.init(
      rank: rank, reason: OutOfMemory.reason(for: error) ?? RankFailure.words(error),
      exitCode: ExitCodes.code(of: error), isDivergence: RankFailure.isDivergence(error), isAgreed: isAgreed)
  }

  public init(rank: Int, reason: String, exitCode: Int32, isDivergence: Bool, isAgreed: Bool) {
    self.rank = rank
    self.reason = reason
    self.exitCode = exitCode
    self.isDivergence = isDivergence
    self.isAgreed = isAgreed
  }

  private static func isDivergence(_ error: any Error) -> Bool {
    switch error {
    case TrainingError.diverged, MetricsError.notFinite: true
    default: false
    }
  }

  private static func words(_ error: any Error) -> String {
    error is MetricsError && isDivergence(error) ? "evaluation: \(error)" : "\(error)"
  }
}

extension Communicator {
  /// What each rank makes, if all of them can make it. All call it at the same point.
  ///
  /// - Throws: the same on all ranks: the `RankFailure` of the first one that failed, or `CancellationError` if none did and
  ///   one was stopped; `RanksError` when a rank is lost.
  public func agree<Value>(_ body: () throws -> Value) throws -> Value {
    try agree(flag: false, body).value
  }

  /// The same, and whether some rank has raised a flag.
  func agree<Value>(flag: Bool, _ body: () throws -> Value) throws -> (value: Value, flag: Bool) {
    let result = Result { try body() }
    var failure: RankFailure?
    var isStopped = false
    switch result {
    case .success: break
    case .failure(let error):
      // What has been agreed on within `body` is known to all.
      if let agreed = error as? RankFailure, agreed.isAgreed { throw agreed }
      if error is RanksError { throw error }
      isStopped = error is CancellationError
      if !isStopped { failure = RankFailure(error, rank: rank, isAgreed: true) }
    }
    let own: [Double] = [
      flag ? 1 : 0, isStopped ? 1 : 0, failure == nil ? 0 : 1, Double(failure?.exitCode ?? 0),
      failure?.isDivergence == true ? 1 : 0,
    ]
    let all = gather(own)
    try check()
    if let first = all.firstIndex(where: { $0[2] != 0 }) {
      let reasons = gather(Array((failure?.reason ?? "").utf8))
      throw RankFailure(
        rank: first, reason: String(decoding: reasons[first], as: UTF8.self),
        exitCode: Int32(all[first][3]), isDivergence: all[first][4] != 0, isAgreed: true)
    }
    if all.contains(where: { $0[1] != 0 }) { throw CancellationError() }
    return (try result.get(), all.contains { $0[0] != 0 })
  }

  /// The same, rank 0 before the others: for what makes files that the others then find.
  public func agreeInTurn<Value>(_ body: () throws -> Value) throws -> Value {
    let first: Value? = try agree { try rank == 0 ? body() : nil }
    return try agree { try first ?? body() }
  }

  /// Ranks that run on this machine, this one included.
  public var ranksHere: Int {
    let own = Array(ProcessIdentity.hostName.utf8)
    return max(1, gather(own).count { $0 == own })
  }
}

/// What every rank makes, or what this process makes alone.
func agree<Value>(_ ranks: (any Communicator)?, _ body: () throws -> Value) throws -> Value {
  guard let ranks else { return try body() }
  return try ranks.agree(body)
}
