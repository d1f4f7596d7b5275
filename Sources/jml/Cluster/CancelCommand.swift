import ArgumentParser
import Cluster
import Experiments
import JSON
import Results
import Runner

struct CancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Takes runs back from Slurm: what waits is removed, what is trained is stopped.",
    discussion: """
      Without tables and figures everything that was submitted from this folder of results is meant. A task goes as a whole,
      with runs of other tables that share it. Checkpoints stay; jml submit goes on from them.

      Example: jml cancel --tables 4 --profile paper --data /datasets
      """)

  @OptionGroup var cluster: ClusterOptions

  func run() throws {
    let workspace = try Workspace(cluster.options())
    let journal = try Journal(reading: workspace.clusterFolder)
    let wanted: [RunID]
    if cluster.namesNothing {
      wanted = journal.entries.flatMap { entry in entry.tasks.sorted { $0.key < $1.key }.flatMap(\.value) }
    } else {
      let (plan, unknown) = try workspace.planForReading()
      for data in unknown { Console.say(data.notice) }
      wanted = plan.runs.map(\.id)
    }
    let view = ClusterView(workspace.clusterFolder, journal: journal, queue: try SlurmProcess.slurm.queue())
    let tasks = view.present(wanted)
    try SlurmProcess.slurm.cancel(tasks)
    let known = Set(wanted)
    let others = tasks.flatMap(view.runs).filter { !known.contains($0) }
    if !others.isEmpty {
      Console.say(
        "\(others.count) runs of other tables shared a task with these; the next jml submit adds them")
    }
    Console.say("cancelled \(tasks.count) tasks")
    guard cluster.workspace.json else { return }
    Console.out(
      .object([
        "cancelled": .array(tasks.map { .string($0.description) }),
        "others": .array(others.map { .string($0.text) }),
      ]))
  }
}
