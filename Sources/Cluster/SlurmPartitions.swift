/// What `scontrol show partition --oneliner` says of partitions.
struct SlurmPartitions {
  private struct Partition {
    let name: Substring
    let isDefault: Bool
    /// nil: no limit.
    let longest: SlurmTime?
  }

  private let all: [Partition]

  /// - Throws: `ClusterError.unreadable`.
  init(parsing text: String) throws {
    all = try text.split(separator: "\n").map { line in
      var values: [Substring: Substring] = [:]
      for word in line.split(separator: " ") {
        guard let equals = word.firstIndex(of: "=") else { continue }
        values[word[..<equals]] = word[word.index(after: equals)...]
      }
      guard let name = values["PartitionName"], let longest = values["MaxTime"] else {
        throw ClusterError.unreadable(
          command: "scontrol", text: String(line), wanted: "PartitionName= and MaxTime=")
      }
      let time = SlurmTime(String(longest))
      guard time != nil || ["UNLIMITED", "INFINITE", "NONE"].contains(longest) else {
        throw ClusterError.unreadable(
          command: "scontrol", text: "MaxTime=\(longest)", wanted: "a time, or UNLIMITED")
      }
      return Partition(name: name, isDefault: values["Default"] == "YES", longest: time)
    }
  }

  /// The longest time of a job: of several partitions, among which Slurm chooses, the most that one of them allows.
  ///
  /// - Parameter names: separated by commas; nil for the cluster's default.
  /// - Returns: nil where there is no limit, or no such partition, which sbatch will say.
  func longestTime(_ names: String?) -> SlurmTime? {
    let wanted = names.map { $0.split(separator: ",") }
    let meant = all.filter { partition in wanted.map { $0.contains(partition.name) } ?? partition.isDefault }
    let limits = meant.compactMap(\.longest)
    return limits.count == meant.count ? limits.max() : nil
  }
}
