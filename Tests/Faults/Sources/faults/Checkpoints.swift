import Foundation

/// Files of an unfinished run that were damaged, or are another's.
///
/// Promised: a checkpoint that is not what was written is not used, and the one before it is; without any the run begins
/// anew. A best evaluation on the way that is not there any more is made again. Whatever is lost is told.
extension Campaign {
  private static let damages: [(name: String, script: String)] = [
    ("cut checkpoint", #"half checkpoint.h5"#),
    ("empty checkpoint", #": > "$1/checkpoint.h5""#),
    (
      "zeros in the checkpoint",
      #"dd if=/dev/zero of="$1/checkpoint.h5" bs=1 seek=$2 count=16 conv=notrunc status=none"#
    ),
    ("no checkpoint", #"rm "$1/checkpoint.h5""#),
    ("no checkpoints", #"rm "$1/checkpoint.h5" "$1/checkpoint.previous.h5""#),
    ("both checkpoints cut", #"half checkpoint.h5 && half checkpoint.previous.h5"#),
    (
      "generations swapped",
      #"mv "$1/checkpoint.h5" "$1/x" && mv "$1/checkpoint.previous.h5" "$1/checkpoint.h5" && mv "$1/x" "$1/checkpoint.previous.h5""#
    ),
    ("checkpoint of another run", #"cp "$3/tensors.h5" "$1/checkpoint.h5""#),
    ("a pipe for a checkpoint", #"rm "$1/checkpoint.h5" && mkfifo "$1/checkpoint.h5""#),
    ("cut log", #"truncate -s -7 "$1/log.jsonl""#),
    (
      "zeros in the log", #"dd if=/dev/zero of="$1/log.jsonl" bs=1 seek=20 count=30 conv=notrunc status=none"#
    ),
    ("no log", #"rm "$1/log.jsonl""#),
    ("cut best evaluation", #"half evaluation-best.h5"#),
    ("no best evaluation", #"rm "$1/evaluation-best.h5""#),
    ("left-over temporary files", #"touch "$1/.checkpoint.h5.elsewhere.1.1.partial""#),
  ]

  /// A shell's function: cuts a file of the run's folder.
  private static let half =
    #"half() { truncate -s $(($(stat -c %s "$folder/$1") / 2)) "$folder/$1"; }; folder=$1; "#

  func checkpoints(_ count: Int) throws {
    var folder = try Workplace(at: "\(scratch)/interrupted", data: reference.place)
    defer { folder.remove() }
    var interrupted = try interrupt(folder)
    for _ in 0..<20 where interrupted == nil {
      folder.remove()
      folder = try Workplace(at: "\(scratch)/interrupted", data: reference.place)
      interrupted = try interrupt(folder)
    }
    guard let run = interrupted else {
      report.skip("damaged checkpoint", "no run could be interrupted between two checkpoints")
      return
    }
    let other = runs.first { $0.id != run.id && folder.names($0.id).contains("tensors.h5") }
    let size =
      (try? FileManager.default.attributesOfItem(atPath: "\(folder.runs)/\(run.id)/checkpoint.h5"))?[.size]
      as? Int
    for number in chance.spread(count, over: Campaign.damages.count) {
      let damage = Campaign.damages[number]
      let place = Int.random(in: 0..<max(size ?? 1, 1), using: &chance)
      try attempt("damaged checkpoint", damage.name, from: .copy(folder)) { workplace, trial in
        let script = try Child(
          [
            "/bin/bash", "-c", Campaign.half + damage.script, "bash", "\(workplace.runs)/\(run.id)",
            "\(place)",
            "\(workplace.runs)/\(other?.id ?? run.id)",
          ], in: workplace.folder, environment: ProcessInfo.processInfo.environment)
        guard script.wait(10) == .exited(0) else { throw CampaignError.fileSystem(script.err) }
      }
    }
    try swapRuns(folder)
  }

  /// Two runs' checkpoints for one another's.
  private func swapRuns(_ interrupted: Workplace) throws {
    let place = try interrupted.copied(to: "\(scratch)/two")
    defer { place.remove() }
    let open = runs.filter { place.names($0.id).contains("checkpoint.h5") }.map {
      "\(place.runs)/\($0.id)/checkpoint.h5"
    }
    guard open.count > 1 else {
      report.skip("checkpoints of two runs swapped", "no two runs were interrupted at once")
      return
    }
    let aside = "\(place.runs)/x"
    guard rename(open[0], aside) == 0, rename(open[1], open[0]) == 0, rename(aside, open[1]) == 0 else {
      throw CampaignError.fileSystem("\(open[0]): cannot be swapped")
    }
    try attempt("damaged checkpoint", "checkpoints of two runs swapped", from: .copy(place)) { _, _ in }
  }
}
