import Experiments

/// What the batch script of an array needs to know.
public struct BatchScript: Equatable, Sendable {
  /// Where the runs lie and with what they are trained: the same for all arrays of a submission.
  public struct Places: Equatable, Sendable {
    /// The folder that relative paths mean.
    public var workingFolder: String
    public var program: String
    /// Folder of the frozen runs.
    public var specs: String
    /// Of `jml train`, beside the run's file: places, profile, threads.
    public var arguments: [String]

    public init(workingFolder: String, program: String, specs: String, arguments: [String]) {
      self.workingFolder = workingFolder
      self.program = program
      self.specs = specs
      self.arguments = arguments
    }
  }

  /// Seconds that a task tries to get a run which another process has. A process that died on another machine is known to be
  /// dead after three minutes.
  static let patience = 600
  /// How often a task goes back to the queue because a run's process was killed.
  static let revivals = 3

  public let text: String

  /// - Parameters:
  ///   - anew: runs whose stored beginnings are to be thrown away, the first time.
  public init(_ array: ArrayJob, name: String, places: Places, anew: Set<RunID>) {
    let cases = array.tasks.map { task in
      "\(task.index)) runs=(\(task.runs.map { SlurmText.quoted($0.text) }.joined(separator: " "))) ;;"
    }
    let again = array.runs.filter(anew.contains).map(\.text).joined(separator: " ")
    text = """
      #!/bin/bash
      # \(name), written by jml submit: each task of the array trains its runs, one after another.
      set -u
      cd -- \(SlurmText.quoted(places.workingFolder)) || exit 1
      jml=\(SlurmText.quoted(places.program))
      specs=\(SlurmText.quoted(places.specs))
      arguments=(\(places.arguments.map(SlurmText.quoted).joined(separator: " ")))
      anew=\(SlurmText.quoted(again))
      case "${SLURM_ARRAY_TASK_ID:-}" in
      \(cases.joined(separator: "\n"))
      *) echo "no task '${SLURM_ARRAY_TASK_ID:-}' in this script" >&2; exit 64 ;;
      esac

      """ + BatchScript.body
  }

  /// Exit codes of `jml train`: 0 there is a result, 75 another process has the run, 130 stopped, with a checkpoint. Above 128
  /// otherwise: killed by a signal.
  private static let body = #"""
    task="${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
    restarts="${SLURM_RESTART_COUNT:-0}"
    say() { printf 'task %s: %s\n' "$task" "$*"; }

    # Slurm warns this shell alone with USR1 before the time is over. TERM comes to all processes: when the job is
    # cancelled or requeued, and when it is preempted, and then it is still running.
    stopping=
    trap 'stopping=time' USR1
    trap 'stopping=end' TERM

    # SLURM_JOB_ID of an array's last task is that of the whole array.
    again() {
      say "goes back to the queue: $1"
      scontrol requeue "$task" || say 'Slurm did not take it'
      exit 130
    }

    stopped() {
      case "$stopping" in
      time) again 'its time is over' ;;
      end)
        state=$(squeue --noheader --array --jobs="$task" --format=%T)
        case "$state" in RUNNING | PREEMPTED) again 'it was asked to end' ;; esac ;;
      *) say 'Slurm has let go of it' ;;
      esac
      exit 130
    }

    # Trains the run $1 and leaves the exit code in code. The program is told to stop by USR1, as often as one likes; TERM,
    # which it may get from Slurm as well, would end it at once the second time.
    train() {
      local more=() since=$SECONDS parent
      case " $anew " in *" $1 "*) [ "$restarts" -gt 0 ] || more=(--restart) ;; esac
      while :; do
        (trap '' USR1; exec "$jml" train --spec "$specs/$1.json" "${arguments[@]}" ${more[@]+"${more[@]}"}) < /dev/null &
        local child=$!
        while kill -0 "$child" 2> /dev/null; do
          # Another parent: Slurm's own process died, and Slurm starts this task elsewhere.
          read -r _ _ _ parent _ < "/proc/$$/stat" || parent=$PPID
          [ "$parent" = "$PPID" ] || stopping=orphan
          [ -z "$stopping" ] || kill -USR1 "$child" 2> /dev/null
          sleep 1 &
          wait $!
        done
        wait "$child"
        code=$?
        [ "$code" -eq 75 ] && [ -z "$stopping" ] && [ $((SECONDS - since)) -lt \#(patience) ] || return 0
        sleep 20 &
        wait $!
      done
    }

    left=${#runs[@]} failure=0
    for run in "${runs[@]}"; do
      left=$((left - 1))
      say "trains $run, attempt $((restarts + 1))"
      train "$run"
      if [ -n "$stopping" ] && { [ "$code" -ne 0 ] || [ "$left" -gt 0 ]; }; then stopped; fi
      [ "$code" -ne 0 ] || continue
      if [ "$code" -ge 128 ] && [ "$restarts" -lt \#(revivals) ]; then again "$run ended with code $code"; fi
      say "failed: $run ended with code $code"
      [ "$failure" -ne 0 ] || failure=$code
    done
    exit "$failure"

    """#
}
