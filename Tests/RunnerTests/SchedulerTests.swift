import Experiments
import Foundation
import Results
import Runner
import Synchronization
import TestSupport
import Testing

/// What becomes of the runs of a plan whose processes do this or that.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SchedulerTests {
  private func withRuns(_ body: (FakeRuns) throws -> Void) throws {
    try withTemporaryDirectory { try body(FakeRuns(in: $0)) }
  }

  private func texts(_ runs: FakeRuns) -> [String] { runs.events.map(\.text).filter { $0 != "tick" } }

  // MARK: Order and number

  @Test(arguments: [1, 2, 4]) func teachersBeforeStudentsAndNoMoreThanJobs(_ jobs: Int) throws {
    try withRuns { (runs: FakeRuns) throws in
      for id in runs.all { runs.scripts[id] = "sleep 0.1\n" + (try FakeRuns.script(FakeRuns.done)) }
      let summary = try runs.run(jobs: jobs)
      #expect(summary.isComplete && summary.exitCode == 0)
      #expect(Set(summary.finished) == Set(runs.all) && summary.finished.count == 6)
      #expect(try runs.processes().count == 6 && runs.processes().allSatisfy { !$0.isRestart })
      #expect(try runs.mostAtATime() == jobs)
      let texts = texts(runs)
      #expect(texts.first == "began 6 0")
      for student in runs.students {
        let teacher = try #require(student.dependencies.first)
        let begin = try #require(texts.firstIndex(of: "launched \(student.id)"))
        let end = try #require(texts.firstIndex(of: "ended \(teacher) done"))
        #expect(end < begin)
      }
    }
  }

  @Test func eventsAreHandedOnInOrderAndNoiseIsNot() throws {
    try withRuns { (runs: FakeRuns) throws in
      let id = runs.singles[0]
      let said: [RunEvent] = [
        .started(iteration: 2, iterations: 12), .notice("a \"remark\""),
        .step(iteration: 3, loss: 0.5, terms: [:], learningRate: 1e-3, seconds: 0.25),
        .evaluating(done: 1, images: 2),
      ]
      runs.scripts[id] =
        "echo; echo 'not an event'; echo '{\"step\":{}}'\n"
        + (try said.map(FakeRuns.say).joined(separator: "\n"))
        // The last line has no end.
        + "\nprintf '%s' '\(try #require(FakeRuns.done.line))'"
      #expect(try runs.run().isComplete)
      let heard: [RunEvent] = runs.events.compactMap {
        if case .run(id, let event) = $0 { event } else { nil }
      }
      #expect(heard == said + [FakeRuns.done])
    }
  }

  @Test func finishedRunsAreNotStarted() throws {
    try withRuns { (runs: FakeRuns) throws in
      try runs.finish(runs.teachers[0])
      try runs.finish(runs.singles[1])
      let summary = try runs.run()
      #expect(summary.isComplete && Set(summary.finishedBefore) == [runs.teachers[0], runs.singles[1]])
      #expect(try Set(runs.processes().map(\.id)) == Set(summary.finished.map(\.text)))
      #expect(summary.finished.count == 4 && texts(runs).first == "began 6 2")
    }
  }

  // MARK: Failures

  @Test func studentsOfAFailedTeacherAreBlockedAndOthersGoOn() throws {
    try withRuns { (runs: FakeRuns) throws in
      runs.scripts[runs.teachers[0]] = try FakeRuns.script(.failed(reason: "no weights"), exit: 1)
      let summary = try runs.run(jobs: 2)
      #expect(
        summary.failed.map(\.id) == [runs.teachers[0]] && summary.failed.map(\.reason) == ["no weights"])
      #expect(summary.blocked.map(\.id) == [runs.students[0].id])
      #expect(summary.blocked.map(\.teacher) == [runs.teachers[0]])
      #expect(Set(summary.finished) == Set(runs.singles + [runs.teachers[1], runs.students[1].id]))
      #expect(!summary.isComplete && summary.exitCode == 1 && summary.unfinished.isEmpty && !summary.stopped)
      #expect(texts(runs).contains("blocked \(runs.students[0].id) by \(runs.teachers[0])"))
    }
  }

  @Test func nothingMoreIsStartedWhenOneFailureIsEnough() throws {
    try withRuns { (runs: FakeRuns) throws in
      let first = runs.all[0]
      runs.scripts[first] = try FakeRuns.script(.failed(reason: "disk full"), exit: 1)
      let summary = try runs.run(keepGoing: false)
      #expect(summary.failed.map(\.id) == [first] && summary.blocked.isEmpty)
      #expect(summary.unfinished == Array(runs.all.dropFirst()) && summary.exitCode == 1)
      #expect(try runs.processes().map(\.id) == [first.text])
    }
  }

  /// What has begun is not cut off.
  @Test func runsBesideAFailureEndByThemselves() throws {
    try withRuns { (runs: FakeRuns) throws in
      let (first, second) = (runs.all[0], runs.all[1])
      runs.scripts[first] = try FakeRuns.script(.failed(reason: "disk full"), exit: 1)
      runs.scripts[second] = "sleep 0.6\n" + (try FakeRuns.script(FakeRuns.done))
      let summary = try runs.run(jobs: 2, keepGoing: false)
      #expect(summary.failed.map(\.id) == [first] && summary.finished == [second])
      #expect(try runs.processes().count == 2 && summary.unfinished.count == 4)
    }
  }

  @Test func aProcessThatSaysNothingIsNamedByItsExitCodeAndLastWords() throws {
    try withRuns { (runs: FakeRuns) throws in
      let (mute, talker) = (runs.singles[0], runs.singles[1])
      runs.scripts[mute] = "exit 7"
      runs.scripts[talker] = "echo 'jml: error: no such file' >&2; echo >&2; exit 3"
      let summary = try runs.run()
      let reasons = Dictionary(uniqueKeysWithValues: summary.failed.map { ($0.id, $0.reason) })
      #expect(reasons[mute] == "its process ended with exit code 7")
      #expect(reasons[talker] == "its process ended with exit code 3: no such file")
      // It could have written a record, and did not think it had to.
      #expect(try runs.store.state(talker.text) == .pending)
    }
  }

  @Test func aCrashLeavesARecordOfItsSignal() throws {
    try withRuns { (runs: FakeRuns) throws in
      let (crashed, killed) = (runs.singles[0], runs.teachers[0])
      let step = RunEvent.step(iteration: 5, loss: 1, terms: [:], learningRate: 0.1, seconds: 1)
      runs.scripts[crashed] =
        "# as it is\n\(try FakeRuns.say(step))\necho 'index out of range' >&2; kill -SEGV $$"
      runs.scripts[killed] = "# as it is\nkill -KILL $$"
      let summary = try runs.run()
      let reasons = Dictionary(uniqueKeysWithValues: summary.failed.map { ($0.id, $0.reason) })
      let reason = "its process was killed by signal \(SIGSEGV): index out of range"
      #expect(reasons[crashed] == reason)
      #expect(reasons[killed] == "its process was killed by signal \(SIGKILL)")
      #expect(try runs.store.state(crashed.text) == .failed(reason))
      #expect(try runs.store.record(crashed.text)?.iterations == 5)
      // Ended by somebody, not by its own mistake.
      #expect(try runs.store.record(killed.text) == nil)
      #expect(summary.blocked.map(\.id) == [runs.students[0].id])
    }
  }

  /// The line that a process without memory leaves is the reason, and is kept.
  @Test func aProcessWithoutMemorySaysSo() throws {
    try withRuns { (runs: FakeRuns) throws in
      let (starved, limited) = (runs.singles[0], runs.singles[1])
      let reason = "out of memory: 9 bytes (0 MiB) were asked for; there is: 1 MiB in the machine"
      runs.scripts[starved] = "echo 'some noise' >&2; echo 'jml: error: \(reason)' >&2; exit 71"
      runs.scripts[limited] = "echo 'jml: error: 2 threads were asked for, and 1 would work' >&2; exit 71"
      let summary = try runs.run()
      let reasons = Dictionary(uniqueKeysWithValues: summary.failed.map { ($0.id, $0.reason) })
      #expect(reasons[starved] == reason)
      #expect(try runs.store.state(starved.text) == .failed(reason))
      #expect(
        reasons[limited]
          == "its process ended with exit code 71: 2 threads were asked for, and 1 would work")
      #expect(try runs.store.state(limited.text) == .pending)
    }
  }

  @Test func failedRunsAreTriedAgain() throws {
    try withRuns { (runs: FakeRuns) throws in
      try runs.leave(runs.singles[0], .failed, error: "disk full")
      #expect(try runs.run().isComplete)
      #expect(try runs.processes().contains { $0.id == runs.singles[0].text && !$0.isRestart })
    }
  }

  @Test func aCommandThatCannotStartEndsEverything() throws {
    try withRuns { (runs: FakeRuns) throws in
      let first = runs.all[0]
      runs.scripts[first] = try FakeRuns.untilStopped()
      let script = try FakeRuns.untilStopped()
      let pid = runs.folder.appendingPathComponent("pid")
      let scheduler = Scheduler(
        plan: runs.plan, store: runs.store,
        configuration: Scheduler.Configuration(
          jobs: 2, keepGoing: true, retry: false,
          command: { id, _ in
            id == first
              ? ["/bin/sh", "-c", "echo $$ > '\(pid.path)'\n\(script)"] : ["/nonexistent/program", "train"]
          }),
        observe: { event in
          // The second is not tried before the first is there.
          guard case .launched = event else { return }
          for _ in 0..<500 where (try? String(contentsOf: pid, encoding: .utf8))?.hasSuffix("\n") != true {
            usleep(10_000)
          }
        })
      #expect {
        try scheduler.run()
      } throws: { error in
        guard case RunnerError.cannotStart("/nonexistent/program", let reason) = error else { return false }
        return reason == "No such file or directory"
      }
      let process = try #require(
        Int32(try String(contentsOf: pid, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(kill(process, 0) != 0 && errno == ESRCH)
    }
  }

  // MARK: Diverged runs

  @Test func divergedRunsAreReportedUntilARetryIsAskedFor() throws {
    try withRuns { (runs: FakeRuns) throws in
      let teacher = runs.teachers[0]
      try runs.leave(teacher, .diverged, error: "loss is nan at iteration 3")
      let first = try runs.run()
      #expect(first.diverged.map(\.id) == [teacher] && first.blocked.map(\.id) == [runs.students[0].id])
      #expect(first.diverged.map(\.reason) == ["loss is nan at iteration 3"] && first.exitCode == 1)
      #expect(try !runs.processes().contains { $0.id == teacher.text })

      let second = try runs.run(retry: true)
      #expect(second.isComplete)
      // From the start, and only that one.
      #expect(try runs.processes().filter(\.isRestart).map(\.id) == [teacher.text])
    }
  }

  @Test func aRunThatDivergesNowBlocksItsStudent() throws {
    try withRuns { (runs: FakeRuns) throws in
      runs.scripts[runs.teachers[1]] = try FakeRuns.script(.diverged(reason: "loss is inf"), exit: 1)
      let summary = try runs.run(retry: true)
      #expect(summary.diverged.map(\.id) == [runs.teachers[1]] && summary.failed.isEmpty)
      #expect(summary.blocked.map(\.id) == [runs.students[1].id] && summary.finished.count == 4)
    }
  }

  // MARK: Other runners

  @Test func aRunThatAnotherRunnerHoldsIsWaitedFor() throws {
    try withRuns { (runs: FakeRuns) throws in
      let id = runs.teachers[0]
      var held: RunClaim? = try runs.take(id)
      var ended = 0
      runs.onEvent = { event in
        if case .ended = event { ended += 1 }
        // Let go once everything else is done.
        if ended == 4, held != nil { held = nil }
      }
      let summary = try runs.run(jobs: 2)
      #expect(summary.isComplete)
      #expect(texts(runs).filter { $0.hasPrefix("waiting \(id) for process \(getpid())") }.count == 1)
    }
  }

  /// Another runner took it between our look and our process's claim.
  @Test func aRunThatWasTakenIsAskedForAgain() throws {
    try withRuns { (runs: FakeRuns) throws in
      let id = runs.teachers[0]
      let seen = runs.folder.appendingPathComponent("seen").path
      runs.scripts[id] = """
        if [ -e '\(seen)' ]; then
        \(try FakeRuns.say(FakeRuns.done))
        else
        touch '\(seen)'
        \(try FakeRuns.say(.taken(holder: "process 7 on elsewhere")))
        exit 75
        fi
        """
      let summary = try runs.run()
      #expect(summary.isComplete && Set(summary.finished) == Set(runs.all))
      #expect(texts(runs).contains("waiting \(id) for process 7 on elsewhere"))
      #expect(try runs.processes().filter { $0.id == id.text }.count == 2)
    }
  }

  /// One try a command: what fails at another runner's is not tried here.
  @Test func aFailureOfAnotherRunnerCounts() throws {
    try withRuns { (runs: FakeRuns) throws in
      let id = runs.teachers[0]
      runs.scripts[id] = try FakeRuns.script(.taken(holder: "another"), exit: 75)
      var isLeft = false
      runs.onEvent = { event in
        guard case .waiting(id, _) = event, !isLeft else { return }
        isLeft = true
        do { try runs.leave(id, .failed, error: "out of memory") } catch { Issue.record(error) }
      }
      let summary = try runs.run()
      #expect(summary.failed.map(\.id) == [id] && summary.failed.map(\.reason) == ["out of memory"])
      #expect(summary.blocked.map(\.id) == [runs.students[0].id] && summary.finished.count == 4)
      #expect(try runs.processes().filter { $0.id == id.text }.count == 1)
    }
  }

  /// The other runner finishes it while we wait.
  @Test func aResultOfAnotherRunnerCounts() throws {
    try withRuns { (runs: FakeRuns) throws in
      let id = runs.teachers[0]
      runs.scripts[id] = try FakeRuns.script(.taken(holder: "another"), exit: 75)
      runs.onEvent = { event in
        guard case .waiting(id, _) = event else { return }
        do { try runs.finish(id) } catch { Issue.record(error) }
      }
      let summary = try runs.run()
      #expect(summary.isComplete && summary.finished.contains(runs.students[0].id))
      #expect(try runs.processes().filter { $0.id == id.text }.count == 1)
    }
  }

  // MARK: Stopping

  @Test func aStopRequestEndsEveryProcessAndStartsNone() throws {
    try withRuns { (runs: FakeRuns) throws in
      for id in runs.all { runs.scripts[id] = "#\n" + (try FakeRuns.untilStopped()) }
      let started = Mutex(0)
      runs.onEvent = { event in
        if case .run(_, .started) = event { started.withLock { $0 += 1 } }
      }
      let summary = try runs.run(jobs: 2, stop: { started.withLock { $0 == 2 } })
      #expect(summary.stopped && summary.exitCode == 130 && !summary.isComplete)
      #expect(summary.unfinished == runs.all && summary.failed.isEmpty && summary.finished.isEmpty)
      let processes = try runs.processes()
      #expect(processes.count == 2)
      for process in processes { #expect(kill(process.pid, 0) != 0 && errno == ESRCH) }
      let texts = texts(runs)
      #expect(texts.contains("stopping") && texts.filter { $0.hasSuffix(" interrupted") }.count == 2)
    }
  }

  /// A run that was nearly done when the request came is done.
  @Test func whatIsFinishedDuringAStopCounts() throws {
    try withRuns { (runs: FakeRuns) throws in
      let first = runs.all[0]
      runs.scripts[first] = """
        #
        trap '' TERM
        \(try FakeRuns.say(.started(iteration: 11, iterations: 12)))
        sleep 0.5
        \(try FakeRuns.say(FakeRuns.done))
        """
      let started = Mutex(false)
      runs.onEvent = { event in
        if case .run(_, .started) = event { started.withLock { $0 = true } }
      }
      let summary = try runs.run(stop: { started.withLock { $0 } })
      #expect(summary.stopped && summary.finished == [first] && summary.unfinished.count == 5)
    }
  }

  /// Somebody ends a run's process politely: it is unfinished, its student waits for another day, and the rest goes on.
  @Test(arguments: ["kill -TERM $$", "kill -INT $$", "exit 130"])
  func aRunInterruptedBySomebodyElseLeavesItsStudent(_ end: String) throws {
    try withRuns { (runs: FakeRuns) throws in
      runs.scripts[runs.teachers[0]] = "#\n\(end)"
      let summary = try runs.run(jobs: 2)
      #expect(Set(summary.unfinished) == [runs.teachers[0], runs.students[0].id])
      #expect(summary.finished.count == 4 && summary.failed.isEmpty && summary.blocked.isEmpty)
      #expect(!summary.stopped && summary.exitCode == 1)
    }
  }
}
