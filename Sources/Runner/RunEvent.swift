import Foundation

/// What a run says while it goes. As a line of JSON it passes from the process that trains to the one that schedules.
public enum RunEvent: Codable, Equatable, Sendable {
  /// Begins, or goes on from a checkpoint, after `iteration` iterations.
  case started(iteration: Int, iterations: Int)
  /// - terms: the loss by its named terms, weights included.
  case step(iteration: Int, loss: Double, terms: [String: Double], learningRate: Double, seconds: Double)
  case evaluating(done: Int, images: Int)
  /// A remark for the user, such as a checkpoint that could not be read.
  case notice(String)
  case done(metrics: [String: Double], wallSeconds: Double)
  case failed(reason: String)
  case diverged(reason: String)
  /// Stopped on request after a checkpoint.
  case interrupted(iteration: Int)
  /// Another process works on it.
  case taken(holder: String)

  public var line: String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
  }

  public init?(line: String) {
    guard let event = try? JSONDecoder().decode(RunEvent.self, from: Data(line.utf8)) else { return nil }
    self = event
  }
}

/// How a run of this process ended.
public enum RunEnd: Codable, Equatable, Sendable {
  case done
  case failed(String)
  case diverged(String)
  case interrupted
  case taken(String)
}
