import Foundation

/// A folder in which the grid is run: `data/` and `results/`, and what the product left in its folder for temporary files.
struct Workplace {
  let folder: String
  static let profile = "faults"

  var results: String { "\(folder)/results" }
  var runs: String { "\(results)/\(Workplace.profile)/runs" }
  var temporary: String { "\(folder)/tmp" }

  /// A new one.
  /// - Parameter data: whose pictures are copied; nil to have them drawn.
  init(at folder: String, data: Workplace?) throws {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(atPath: "\(folder)/tmp", withIntermediateDirectories: true)
      if let data { try Workplace.copy("\(data.folder)/data", to: "\(folder)/data") }
    } catch let error as CampaignError {
      throw error
    } catch {
      throw CampaignError.fileSystem("\(folder): \(error)")
    }
  }

  /// A copy of everything in it.
  func copied(to other: String) throws -> Workplace {
    let copy = try Workplace(at: other, data: self)
    if FileManager.default.fileExists(atPath: results) {
      try Workplace.copy(results, to: copy.results)
    }
    return copy
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// With times, as `cp -a` does: a check of the data depends on them.
  private static func copy(_ from: String, to: String) throws {
    let copying = try Child(["/bin/cp", "-a", from, to], in: "/", environment: [:])
    guard let end = copying.wait(60), end == .exited(0) else {
      throw CampaignError.fileSystem("cannot copy \(from) to \(to): \(copying.err)")
    }
  }

  /// Paths of everything below, sorted; what a check of the data is stored under depends on times and is cut.
  func listing() -> [String] {
    let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return Set(
      all.filter { $0 != "tmp" }.map { path in
        guard path.contains("/checks/"), path.hasSuffix(".json"), let dash = path.lastIndex(of: "-") else {
          return path
        }
        return String(path[..<dash]) + "-*.json"
      }
    ).sorted()
  }

  /// The tables' bytes and, by run, those of its result.
  func outcome(of ids: [String]) -> [String: Data] {
    var files: [String: Data] = [:]
    for name in ["faults.md", "faults.json"] {
      files[name] = FileManager.default.contents(atPath: "\(results)/\(Workplace.profile)/\(name)")
    }
    for id in ids { files[id] = FileManager.default.contents(atPath: "\(runs)/\(id)/tensors.h5") }
    return files
  }

  /// The records of finished runs, with the time at which they ended in them: a run that is trained again has another.
  func records(of ids: [String]) -> [String: Data] {
    var records: [String: Data] = [:]
    for id in ids {
      guard let data = FileManager.default.contents(atPath: "\(runs)/\(id)/run.json"),
        let record = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
        record["state"] as? String == "done"
      else { continue }
      records[id] = data
    }
    return records
  }

  /// Locks that somebody still holds.
  func heldLocks() -> [String] {
    let folder = "\(results)/\(Workplace.profile)/locks"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().filter { name in
      let file = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return false }
      defer { close(file) }
      return flock(file, LOCK_EX | LOCK_NB) != 0
    }
  }

  /// Of the log, one for each iteration: those of evaluations are left out.
  func lines(_ id: String) -> [String] {
    let text = FileManager.default.contents(atPath: "\(runs)/\(id)/log.jsonl") ?? Data()
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init).filter {
      !$0.contains("\"evaluation\":")
    }
  }

  func names(_ id: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(runs)/\(id)")) ?? []
  }
}
