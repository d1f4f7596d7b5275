import Experiments
import Foundation
import Kernels
import Losses
import Models
import Results
import Runner
import Tensors
import TestSupport
import Testing
import Training

/// Logits that one student computes and the next one reads.
@Suite(.serialized)
struct SharedTeacherTests {
  /// Logits that follow from the images and the iteration, and how often they were asked for.
  private final class CountingTeacher: Teacher {
    private(set) var calls: [Int] = []
    let hasAuxiliary: Bool

    init(hasAuxiliary: Bool = true) { self.hasAuxiliary = hasAuxiliary }

    func outputs(of images: Tensor, iteration: Int, taps: Set<FeatureTap>) -> TeacherOutputs {
      calls.append(iteration)
      let first = images.values[0]
      func ramp(_ shape: Shape, _ scale: Float) -> Tensor {
        Tensor((0..<shape.count).map { first + scale * Float($0) + Float(iteration) }, shape: shape)
      }
      return TeacherOutputs(
        logits: SegmentationLoss.TeacherLogits(
          main: ramp([2, 5, 3, 4], 0.1), auxiliary: hasAuxiliary ? ramp([2, 5, 4, 7], -0.3) : nil),
        features: Dictionary(
          uniqueKeysWithValues: taps.map {
            ($0, ramp([2, 19, 3, 4], 0.7).converted(to: KernelRuntime.preferredLayout))
          }))
    }
  }

  /// Bytes of one iteration.
  private static let bytes = 4 * (2 * 5 * 3 * 4 + 2 * 5 * 4 * 7)
  private static let iterations = 3
  private static let images = Tensor(repeating: 0.25, shape: [2, 3, 6, 8])

  private struct Setting {
    let root: URL
    var outputs: StoredTeacherOutputs {
      var key = StoredTeacherOutputs.Key()
      key.add("a stream of crops")
      return ResultStore(root: root).teacherOutputs(key)
    }

    func files() throws -> [URL] {
      let folder = root.appendingPathComponent("teacher")
      guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
      return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".h5") }
        .sorted()
        .map { folder.appendingPathComponent($0) }
    }

    func teacher(
      _ network: CountingTeacher, byteLimit: Int = SharedTeacher.usualByteLimit,
      made: @escaping () -> Void = {},
      notice: @escaping (String) -> Void = { Issue.record("notice: \($0)") }
    ) -> SharedTeacher {
      SharedTeacher(
        outputs: outputs, iterations: SharedTeacherTests.iterations, byteLimit: byteLimit,
        make: {
          made()
          return network
        }, notice: notice)
    }
  }

  private func values(_ teacher: SharedTeacher) throws -> [[Float]] {
    try (0..<Self.iterations).flatMap { iteration in
      let logits = try teacher.outputs(of: Self.images, iteration: iteration, taps: []).logits
      return [logits.main.values, logits.auxiliary?.values ?? []]
    }
  }

  private func expected() throws -> [[Float]] {
    let network = CountingTeacher()
    return (0..<Self.iterations).flatMap { iteration in
      let logits = network.outputs(of: Self.images, iteration: iteration, taps: []).logits
      return [logits.main.values, logits.auxiliary?.values ?? []]
    }
  }

  @Test func theSecondStudentReadsWhatTheFirstComputed() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      let setting = Setting(root: folder)
      let network = CountingTeacher()
      var made = 0
      let first = setting.teacher(network) { made += 1 }
      #expect(made == 0)
      #expect(try values(first) == expected())
      #expect(network.calls == [0, 1, 2] && made == 1)
      #expect(try setting.files().count == 3)
      // Asked again, for instance after a resume, it reads too.
      #expect(try values(first) == expected())
      #expect(network.calls == [0, 1, 2])

      let second = setting.teacher(CountingTeacher()) { Issue.record("the network was made for nothing") }
      #expect(try values(second) == expected())
    }
  }

  @Test func nothingIsStoredBeyondTheLimit() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      let setting = Setting(root: folder)
      let all = Self.bytes * Self.iterations
      let network = CountingTeacher()
      let poor = setting.teacher(network, byteLimit: all - 1)
      #expect(try values(poor) == expected() && values(poor) == expected())
      #expect(network.calls == [0, 1, 2, 0, 1, 2])
      #expect(try setting.files().isEmpty)
      #expect(try values(setting.teacher(network, byteLimit: all)) == expected())
      #expect(try setting.files().count == 3)
    }
  }

  @Test func logitsWithoutAuxiliaryHeadAreShared() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      let setting = Setting(root: folder)
      let network = CountingTeacher(hasAuxiliary: false)
      let computed = try setting.teacher(network).outputs(of: Self.images, iteration: 0, taps: []).logits
      #expect(computed.auxiliary == nil && computed.main.shape == [2, 5, 3, 4])
      #expect(try setting.files().count == 1)
      let read = try setting.teacher(network).outputs(of: Self.images, iteration: 0, taps: []).logits
      #expect(read.auxiliary == nil && read.main.values == computed.main.values && network.calls == [0])
    }
  }

  /// Whoever asks for a map finds it, unless whoever came before did not: then it is computed, and stored beside the logits.
  @Test func featureMapsAreSharedByThoseWhoAskForThem() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      let setting = Setting(root: folder)
      let network = CountingTeacher()
      func ask(_ taps: Set<FeatureTap>) throws -> TeacherOutputs {
        try setting.teacher(network).outputs(of: Self.images, iteration: 0, taps: taps)
      }
      let plain = try ask([])
      let computed = try ask([.decoder])
      #expect(network.calls == [0, 0])
      let read = try ask([.decoder])
      let logits = try ask([])
      #expect(network.calls == [0, 0])
      #expect(read.logits.main.values == plain.logits.main.values)
      #expect(logits.logits.auxiliary?.values == plain.logits.auxiliary?.values)
      #expect(read[.decoder].layout == computed[.decoder].layout)
      #expect(
        read[.decoder].converted(to: .plain).values == computed[.decoder].converted(to: .plain).values)
      _ = try ask([.decoder, .stage1])
      #expect(try network.calls == [0, 0, 0] && setting.files().count == 1)
    }
  }

  @Test func aFileThatCannotBeReadIsComputedAgainAndReplaced() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      let setting = Setting(root: folder)
      #expect(try values(setting.teacher(CountingTeacher())) == expected())
      let files = try setting.files()
      // One is cut short, one has another bit somewhere in its values, one stays.
      let whole = try files.map { try Data(contentsOf: $0) }
      try whole[0].prefix(whole[0].count / 2).write(to: files[0])
      var bits = whole[1]
      let value = try expected()[2][17]
      let place = try #require(
        bits.firstRange(of: withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }))
      bits[place.lowerBound] ^= 1
      try bits.write(to: files[1])

      let network = CountingTeacher()
      #expect(try values(setting.teacher(network)) == expected())
      #expect(network.calls == [0, 1])
      #expect(try files.map { try Data(contentsOf: $0) } == whole)
    }
  }

  /// Sharing saves time only: a disk that takes nothing is told of once.
  @Test func aFullDiskIsNoFailure() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      let setting = Setting(root: folder)
      // A file where the folder should be.
      try Data().write(to: folder.appendingPathComponent("teacher"))
      let network = CountingTeacher()
      var notices: [String] = []
      let teacher = setting.teacher(network, notice: { notices.append($0) })
      #expect(try values(teacher) == expected())
      #expect(network.calls == [0, 1, 2])
      #expect(notices.count == 1 && notices[0].hasPrefix("the teacher's outputs are not shared: "))
    }
  }

  @Test func aNetworkThatCannotBeMadeIsAnError() throws {
    struct Missing: Error {}
    try withTemporaryDirectory { (folder: URL) throws in
      let teacher = SharedTeacher(
        outputs: Setting(root: folder).outputs, iterations: Self.iterations, make: { throw Missing() },
        notice: { Issue.record("notice: \($0)") })
      #expect(throws: Missing.self) { try teacher.outputs(of: Self.images, iteration: 0, taps: []) }
    }
  }

  /// Everything that decides the bits, and nothing else.
  @Test func keysTellStreamsApart() throws {
    try withTemporaryDirectory { (folder: URL) throws in
      func plan(_ overrides: String...) throws -> [PlannedRun] {
        try FakeRuns.plan(in: folder.appendingPathComponent(UUID().uuidString), overrides: overrides).runs
      }
      func students(_ runs: [PlannedRun]) -> [RunSpec] {
        runs.filter { !$0.dependencies.isEmpty }.map(\.spec)
      }
      let runs = try plan()
      let specs = students(runs)
      let weights = [
        NamedTensor(name: "head.weight", tensor: Tensor([1, 2, 3], shape: [3, 1])),
        NamedTensor(name: "head.bias", tensor: Tensor([4], shape: [1])),
      ]
      func key(_ student: RunSpec, _ weights: [NamedTensor], threads: Int = 2) throws -> String {
        try SharedTeacher.key(student: student, weights: weights, threads: threads).text
      }
      let base = try key(specs[0], weights)
      #expect(try key(specs[0], weights) == base)

      var others: [String: String] = [:]
      others["one bit of a weight"] = try key(
        specs[0],
        [
          NamedTensor(name: "head.weight", tensor: Tensor([1, 2, Float(3).nextUp], shape: [3, 1])),
          weights[1],
        ])
      others["a shape"] = try key(
        specs[0], [NamedTensor(name: "head.weight", tensor: Tensor([1, 2, 3], shape: [1, 3])), weights[1]])
      others["a name"] = try key(
        specs[0], [NamedTensor(name: "head.gain", tensor: weights[0].tensor), weights[1]])
      others["a tensor less"] = try key(specs[0], [weights[0]])
      others["threads"] = try key(specs[0], weights, threads: 3)
      others["data and recipe"] = try key(specs[1], weights)
      others["batch"] = try key(try students(plan("profile.batch=3"))[0], weights)
      others["augmentation"] = try key(
        try students(plan("recipe.augmentation.random_flip.probability=0.25"))[0], weights)
      for (what, other) in others { #expect(other != base, "\(what) does not change the key") }
      #expect(Set(others.values).count == others.count)
      // A student that learns longer begins with the same crops.
      #expect(try key(try students(plan("profile.iterations=7"))[0], weights) == base)

      // The student's own network, loss and labels do not reach the teacher.
      let single = try #require(
        runs.first { run in
          run.dependencies.isEmpty && run.spec.data == specs[0].data && run.spec.loss != specs[0].loss
        })
      #expect(try key(single.spec, weights) == base)
    }
  }
}
