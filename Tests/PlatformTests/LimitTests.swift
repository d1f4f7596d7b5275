import Foundation
import Platform
import TestSupport
import Testing

/// What the system and who runs it allow.
@Suite struct LimitTests {
  /// Writes files below a folder that stands for /sys/fs/cgroup.
  private func withGroups(
    _ files: [String: String], _ membership: String, _ body: (ControlGroup) throws -> Void
  ) throws {
    try withTemporaryDirectory { root in
      for (path, text) in files {
        let url = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
      }
      try body(ControlGroup(membership: membership, root: root))
    }
  }

  /// The least of a group and of all that it lies in.
  @Test func newControlGroups() throws {
    let files = [
      "queue/memory.max": "3000000000\n", "queue/job/memory.max": "max\n",
      "queue/job/cpu.max": "150000 100000\n",
      "queue/cpu.max": "max 100000\n", "queue/job/pids.max": "64\n", "queue/pids.max": "max\n",
      "queue/job/memory.events": "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n",
      "queue/memory.events": "oom_kill 9\n",
    ]
    try withGroups(files, "0::/queue/job\n") { group in
      #expect(group.memoryLimit == 3_000_000_000 && group.processorQuota == 1.5)
      #expect(group.processLimit == 64 && group.memoryKills == 2)
    }
    // A container whose own group is the root of what it sees.
    try withGroups(["memory.max": "5\n"], "0::/docker/abc\n") { #expect($0.memoryLimit == 5) }
  }

  @Test func oldControlGroups() throws {
    let files = [
      "memory/job/memory.limit_in_bytes": "2000000\n",
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
      "cpu/job/cpu.cfs_quota_us": "50000\n", "cpu/job/cpu.cfs_period_us": "100000\n",
      "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n", "pids/job/pids.max": "8\n",
    ]
    try withGroups(files, "4:memory:/job\n3:cpu,cpuacct:/job\n2:pids:/job\n1:name=systemd:/job\n") { group in
      #expect(group.memoryLimit == 2_000_000 && group.processorQuota == 0.5)
      #expect(group.processLimit == 8 && group.memoryKills == 4)
    }
  }

  @Test func noControlGroups() throws {
    for membership in ["", "nonsense", "0::/\n"] {
      try withGroups([:], membership) { group in
        #expect(group.memoryLimit == nil && group.processorQuota == nil)
        #expect(group.processLimit == nil && group.memoryKills == nil)
      }
    }
  }

  @Test func processors() {
    #expect(Processors.usable >= 1)
    #expect(Processors.usable(allowed: 3, online: 8, quota: nil) == 3)
    #expect(Processors.usable(allowed: 0, online: 8, quota: nil) == 8)
    #expect(Processors.usable(allowed: 3, online: 8, quota: 1.5) == 2)
    #expect(Processors.usable(allowed: 3, online: 8, quota: 0.01) == 1)
    #expect(Processors.usable(allowed: 3, online: 8, quota: .infinity) == 3)
    #expect(Processors.usable(allowed: 0, online: 0, quota: nil) == 1)
  }

  @Test func limitsInWords() {
    let limits = MemoryLimits(addressSpace: 800 << 20, group: 3 << 30, machine: 64 << 30)
    #expect(
      limits.description
        == "800 MiB of address space (ulimit -v), 3072 MiB for the control group, 65536 MiB in the machine")
    #expect(limits.resident == 3 << 30)
    #expect(
      MemoryLimits(addressSpace: nil, group: 9 << 40, machine: 1 << 30).description
        == "1024 MiB in the machine")
    #expect(MemoryLimits.current.machine > 1 << 20)
  }

  @Test func processesAreKnownBeyondTheirNumber() throws {
    let here = ProcessIdentity.current
    #expect(here.pid == getpid() && !here.host.isEmpty && here.isOfThisMachine && !here.hasEnded)
    var other = here
    other.birth += 1
    #expect(other.hasEnded)
    // Of another machine, or of another container of this one, nobody can say.
    for change in [\ProcessIdentity.boot, \ProcessIdentity.space] {
      other[keyPath: change] = "another"
      #expect(!other.isOfThisMachine && !other.hasEnded)
      other = here
    }
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["60"]
    try child.run()
    var gone = here
    (gone.pid, gone.birth) = (child.processIdentifier, 0)
    #expect(!gone.hasEnded)
    // A signal that a test process may have blocked is inherited; this one cannot be.
    kill(child.processIdentifier, SIGKILL)
    child.waitUntilExit()
    #expect(gone.hasEnded)
    #expect(try JSONDecoder().decode(ProcessIdentity.self, from: JSONEncoder().encode(here)) == here)
  }
}
