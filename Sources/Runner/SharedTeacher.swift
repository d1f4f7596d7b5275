import Experiments
import JSON
import Kernels
import Losses
import Models
import Results
import Tensors
import Training

/// A teacher whose logits, and the feature maps that some methods ask for, are shared by all students that see the same crops: those of one data set, recipe and seed.
/// What has been stored without a map that is needed is computed and stored again, with it.
///
/// Shared logits are the bits that this process would compute: their key covers the teacher's weights, the crops, the
/// engine's version, the thread count, the processor and the libraries.
package final class SharedTeacher: Teacher {
  /// Beyond it, at full-size crops, every student computes.
  package static let usualByteLimit = 1 << 28

  /// What makes the network holds its stored weights, a second copy that is let go once it is made.
  private enum Network {
    case stored(() throws -> any Teacher)
    case loaded(any Teacher)
  }

  private let outputs: StoredTeacherOutputs
  private let iterations: Int
  private let byteLimit: Int
  private let notice: (String) -> Void
  private var network: Network
  private var stores = true

  /// - Parameters:
  ///   - iterations: of the stream of crops, all of which will be asked for.
  ///   - byteLimit: the most bytes that the outputs of all iterations may take on disk.
  ///   - make: loads the network; called when outputs are missing for the first time.
  ///   - notice: told once, in words, when outputs cannot be stored.
  package init(
    outputs: StoredTeacherOutputs, iterations: Int, byteLimit: Int = usualByteLimit,
    make: @escaping () throws -> any Teacher, notice: @escaping (String) -> Void
  ) {
    self.outputs = outputs
    self.iterations = iterations
    self.byteLimit = byteLimit
    network = .stored(make)
    self.notice = notice
  }

  package func outputs(of images: Tensor, iteration: Int, taps: Set<FeatureTap>) throws -> TeacherOutputs {
    let names = taps.map(\.rawValue).sorted()
    if stores, let stored = outputs.read(iteration: iteration, maps: names) {
      return TeacherOutputs(
        logits: SegmentationLoss.TeacherLogits(main: stored.main, auxiliary: stored.auxiliary),
        features: Dictionary(
          uniqueKeysWithValues: stored.maps.compactMap { map in
            FeatureTap(rawValue: map.name).flatMap { tap in
              taps.contains(tap) ? (tap, map.tensor.converted(to: KernelRuntime.preferredLayout)) : nil
            }
          }))
    }
    let given = try loaded().outputs(of: images, iteration: iteration, taps: taps)
    store(given, taps, iteration)
    return given
  }

  private func loaded() throws -> any Teacher {
    switch network {
    case .loaded(let teacher): return teacher
    case .stored(let make):
      let teacher = try make()
      network = .loaded(teacher)
      return teacher
    }
  }

  private func store(_ given: TeacherOutputs, _ taps: Set<FeatureTap>, _ iteration: Int) {
    let (main, auxiliary) = (given.logits.main, given.logits.auxiliary)
    let numbers = ([main] + [auxiliary].compactMap { $0 } + taps.map { given[$0] }).reduce(0) {
      $0 + $1.shape.count
    }
    stores = stores && 4 * numbers * iterations <= byteLimit
    guard stores else { return }
    do {
      try outputs.write(
        StoredTeacherOutputs.Entry(
          main: main, auxiliary: auxiliary,
          maps: taps.map { ($0.rawValue, given[$0].converted(to: .plain)) }), iteration: iteration)
    } catch {
      // Sharing saves time only, so that a disk without room for it is no reason to fail.
      stores = false
      notice("the teacher's outputs are not shared: \(error)")
    }
  }

  /// - Parameters:
  ///   - student: decides the crops.
  ///   - weights: of the teacher, with its running statistics.
  package static func key(student: RunSpec, weights: [NamedTensor], threads: Int) -> StoredTeacherOutputs.Key
  {
    var key = StoredTeacherOutputs.Key()
    let spec = student.json
    for part in ["data", "recipe", "seed", "fold", "numerics"] {
      key.add((spec[part] ?? .null).canonical)
    }
    // How long a student learns changes none of its crops: the first ones of the longer of two are the shorter's.
    if case .object(let scale)? = spec["profile"] {
      key.add(JSONValue.object(scale.filter { $0.key != "iterations" }).canonical)
    }
    key.add(weights)
    key.add("\(threads) threads, \(Machine.cpu)")
    for (name, version) in Machine.versions.sorted(by: { $0.key < $1.key }) { key.add("\(name) \(version)") }
    return key
  }
}
