import Foundation

/// What was found when a run looked for a place to go on from.
public struct CheckpointLoad: Sendable {
  /// nil: begin at iteration 0.
  public let checkpoint: Checkpoint?
  /// What was there but could not be used, one line each. Not empty means: tell the user.
  public internal(set) var problems: [String]
}

/// checkpoint.h5 and the generation before it.
struct CheckpointFiles {
  static let names = ["checkpoint.h5", "checkpoint.previous.h5"]
  let newest: URL
  let previous: URL

  init(folder: URL) {
    newest = folder.appendingPathComponent(CheckpointFiles.names[0])
    previous = folder.appendingPathComponent(CheckpointFiles.names[1])
  }

  var exist: Bool { FileSystem.exists(newest) || FileSystem.exists(previous) }

  /// Writes a new generation, reads it back, and only then lets it take the newest one's place. At every
  /// moment at least one good generation is on disk.
  func save(_ checkpoint: Checkpoint) throws {
    let partial = try AtomicFile.stage(try checkpoint.image(name: newest.path), for: newest)
    do {
      let written = try Checkpoint(reading: partial, runID: checkpoint.runID)
      guard written.checksum == checkpoint.checksum else {
        throw ResultsError.damaged(path: newest.path, reason: "it reads back differently than written")
      }
      if FileSystem.exists(newest) { try AtomicFile.move(newest, to: previous) }
      try AtomicFile.move(partial, to: newest)
    } catch {
      unlink(partial.path)
      throw error
    }
  }

  /// Throws what reading throws for a file that may be whole: to begin anew then would lose what is there.
  func load(runID: String) throws -> CheckpointLoad {
    var problems: [String] = []
    for url in [newest, previous] where FileSystem.exists(url) {
      do {
        return CheckpointLoad(checkpoint: try Checkpoint(reading: url, runID: runID), problems: problems)
      } catch {
        guard FileSystem.isDamage(error, of: url) else { throw error }
        problems.append("checkpoint not used: \(error)")
      }
    }
    return CheckpointLoad(checkpoint: nil, problems: problems)
  }

  func remove() throws {
    // The older one first: a crash in between then leaves the newest.
    try FileSystem.remove(previous)
    try FileSystem.remove(newest)
  }
}
