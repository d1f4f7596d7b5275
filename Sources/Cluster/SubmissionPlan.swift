import Experiments

/// How pending runs become job arrays.
///
/// Runs are grouped by what they ask for and by the tasks that they wait for; short ones share a task. A run that others
/// wait for shares one only with runs that the same others wait for, so that nothing waits for what it does not need. Groups
/// that each wait for the task of one index, in the same arrays, become arrays that wait index by index, where those are
/// fewer.
public struct SubmissionPlan: Equatable, Sendable {
  /// Each after those that it waits for.
  public private(set) var arrays: [ArrayJob] = []

  private var places: [RunID: TaskReference] = [:]

  /// - Parameters:
  ///   - runs: each after its inputs.
  ///   - queued: runs that Slurm has already.
  public init(_ runs: [PendingRun], queued: [RunID: TaskAddress], limits: SubmissionLimits) {
    for (id, address) in queued {
      places[id] = TaskReference(.queued(job: address.job), index: address.index)
    }
    let order = Order(runs)
    for (level, members) in order.levels.enumerated() {
      var groups = Grouped<Group, [RunID]>()
      for run in members {
        let group = Group(
          request: limits.request(run.need), inputs: inputs(of: run, order),
          // All that nobody waits for may be together.
          waiting: order.waiting[run.id] ?? [])
        groups[group, default: []].append(run.id)
      }
      // Several groups of tasks, told apart by who waits for them, go into the same array.
      var tasks = Grouped<Target, [[RunID]]>()
      for (group, members) in groups.all {
        tasks[Target(request: group.request, inputs: group.inputs), default: []] += SubmissionPlan.packed(
          members, order, limits)
      }
      add(level: level, tasks, limits)
    }
  }

  // MARK: Grouping

  private struct Group: Hashable {
    let request: ArrayJob.Request
    let inputs: [TaskReference]
    let waiting: [RunID]
  }

  private struct Target: Hashable {
    let request: ArrayJob.Request
    let inputs: [TaskReference]
  }

  /// Tasks that a run waits for, each once, without those that another one of them has waited for.
  private func inputs(of run: PendingRun, _ order: Order) -> [TaskReference] {
    let needed = run.inputs.filter { id in !run.inputs.contains { order.ancestors[$0]?.contains(id) ?? false }
    }
    var found: [TaskReference] = []
    for id in needed {
      if let place = places[id], !found.contains(place) { found.append(place) }
    }
    return found
  }

  /// Runs one after another while their seconds come to no more than is to be packed. One of unknown length is alone.
  private static func packed(_ runs: [RunID], _ order: Order, _ limits: SubmissionLimits) -> [[RunID]] {
    var tasks: [[RunID]] = []
    var sum = Double.infinity
    for id in runs {
      let seconds = order.seconds[id] ?? .infinity
      if sum + seconds <= limits.packedSeconds {
        tasks[tasks.count - 1].append(id)
        sum += seconds
      } else {
        tasks.append([id])
        sum = seconds
      }
    }
    return tasks
  }

  // MARK: Arrays

  /// Targets that ask for the same and wait, each for the task of one index, in the same arrays.
  private struct Family: Hashable {
    let request: ArrayJob.Request
    let arrays: [ArrayReference]
  }

  private static func family(_ target: Target) -> Family? {
    guard let index = target.inputs.first?.index, target.inputs.allSatisfy({ $0.index == index }) else {
      return nil
    }
    return Family(request: target.request, arrays: target.inputs.map(\.array))
  }

  private mutating func add(level: Int, _ tasks: Grouped<Target, [[RunID]]>, _ limits: SubmissionLimits) {
    var families = Grouped<Family, [(index: Int, tasks: [[RunID]])]>()
    for (target, runs) in tasks.all {
      guard let family = SubmissionPlan.family(target) else { continue }
      families[family, default: []].append((target.inputs[0].index, runs))
    }
    var isDone: Set<Family> = []
    for (target, runs) in tasks.all {
      let dependency: ArrayDependency = target.inputs.isEmpty ? .none : .tasks(target.inputs)
      if let family = SubmissionPlan.family(target), let members = families[family],
        let most = members.map(\.tasks.count).max(), most < members.count
      {
        guard isDone.insert(family).inserted else { continue }
        let sorted = members.sorted { $0.index < $1.index }
        for round in 0..<most {
          append(
            ArrayJob(
              level: level, request: target.request, dependency: .sameIndex(family.arrays),
              tasks: sorted.filter { round < $0.tasks.count }.map {
                ArrayTask(index: $0.index, runs: $0.tasks[round])
              }))
        }
      } else {
        for begin in stride(from: 0, to: runs.count, by: limits.tasks) {
          let part = runs[begin..<min(begin + limits.tasks, runs.count)]
          append(
            ArrayJob(
              level: level, request: target.request, dependency: dependency,
              tasks: part.enumerated().map { ArrayTask(index: $0 + 1, runs: $1) }))
        }
      }
    }
  }

  private mutating func append(_ array: ArrayJob) {
    for task in array.tasks {
      for run in task.runs { places[run] = TaskReference(.planned(arrays.count), index: task.index) }
    }
    arrays.append(array)
  }
}
