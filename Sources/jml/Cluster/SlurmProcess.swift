import Cluster
import Runner
import Synchronization

/// Slurm's commands as processes.
enum SlurmProcess {
  static let slurm = Slurm { command in
    let (out, err) = (Lines(), Lines())
    let end: Subprocess.End
    do {
      end = try Subprocess(command, onOutput: { out.add($0) }, onError: { err.add($0) }).wait()
    } catch let RunnerError.cannotStart(program, reason) {
      throw ClusterError.noSlurm(command: program, reason: reason)
    }
    return Slurm.Reply(code: end == .exited(0) ? 0 : end.exitCode, out: out.text, err: err.text)
  }

  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
  }
}
