import Datasets
import Foundation
import HDF5
import Methods
import Models
import Tensors
import TestSupport
import Testing
import Training

extension SemiSupervisedOracle {
  private static let parts =
    ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"].map { "backbone.backbone.\($0)" }
    + ["aspp", "bottleneck", "shortcut", "cat_conv"].map { "method.\($0)" } + ["head", "representation"]

  private typealias Values = [(name: String, values: [Float])]

  /// Every iteration of the recording through `step`: loss terms before an update; after it the gradients, by what SGD's
  /// velocities have become; how far each network has moved; some of its tensors.
  func follow(
    _ step: any SemiSupervisedStep, bounds bound: Bounds,
    queues: Double = 0, batches: (Int) throws -> TrainingBatch
  ) throws {
    for iteration in Self.rates.indices {
      let place = "\(name)/\(iteration)"
      let before = Self.networks(of: step)
      let trained = before.filter { ["student", "representation"].contains($0.name) }
      let weights = Dictionary(
        trained.flatMap { $0.state.tensors.map { ($0.path, $0.tensor) } },
        uniquingKeysWith: { first, _ in first })
      let velocities = try Self.velocities(of: step)
      let computed = try step.compute(
        try batches(iteration),
        at: StepMoment(
          iteration: iteration, iterations: Self.rates.count, rate: Self.rates[iteration], seed: try seed()))
      var seen = Deviations("\(name) \(iteration)")
      let names = try file.attributeNames(at: place).filter { $0.hasPrefix("term.") }
      #expect(names.sorted() == computed.terms.map { "term.\($0.name)" }.sorted())
      for term in computed.terms {
        let expected = try file.attribute(double: "term.\(term.name)", at: place)
        seen.expect(
          abs(term.value - expected) / max(abs(expected), 1e-9), within: bound.terms, "term", term.name)
      }
      computed.apply()
      let new = try Self.velocities(of: step)
      var gradients: Values = []
      for (index, entry) in new.enumerated() {
        let weight = try #require(weights[entry.name])
        let decay = weight.shape.rank > 1 ? Float(Self.decay) : 0
        let old = velocities[index].values
        // Nothing has come this way yet: the optimizer left the parameter alone.
        if old.allSatisfy({ $0 == 0 }), entry.values.allSatisfy({ $0 == 0 }) { continue }
        let gradient = entry.values.indices.map {
          entry.values[$0] - Float(Self.momentum) * old[$0] - decay * weight.pointer[$0]
        }
        gradients.append((entry.name, gradient))
      }
      try compare(gradients, with: "\(place)/gradient", within: bound.gradient, "gradient", &seen)
      for (network, old) in zip(Self.networks(of: step), before) {
        let state = network.state.tensors.map { (name: $0.path, values: $0.tensor.values) }
        let moved = zip(state, old.state.tensors).map { new, old in
          (name: new.name, values: zip(new.values, old.tensor.values).map { $0 - $1 })
        }
        try compare(moved, with: "\(place)/\(network.name)/moved", within: bound.moved, "moved", &seen)
        for entry in state where file.exists("\(place)/\(network.name)/\(entry.name)") {
          let expected = try file.floats("\(place)/\(network.name)/\(entry.name)")
          let worst = zip(entry.values, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
          #expect(entry.values.count == expected.count)
          seen.expect(Double(worst), within: bound.state, "state", "\(network.name) \(entry.name)")
        }
      }
      if let part = step.parts.first(where: { $0.name == "queues" }) {
        try compareQueues(part.content.state, at: place, within: queues, &seen)
      }
      seen.report()
    }
  }

  /// How many vectors each class has, and their component along a direction, the oldest first.
  private func compareQueues(
    _ state: StateDict, at place: String, within bound: Double, _ seen: inout Deviations
  ) throws {
    let counts = try file.attribute(ints: "queued", at: place)
    let components = try file.doubles("\(place)/queues_along")
    var rest = (state["vectors"]?.values ?? [])[...]
    for (label, count) in counts.enumerated() {
      #expect(try state.required("count.\(label)") == count)
      let own = rest.prefix(count * (rest.count / max(1, counts[label...].reduce(0, +))))
      rest = rest.dropFirst(own.count)
      let direction = FillRule.uniform("direction.queue \(label)", count: own.count)
      let component = zip(own, direction).reduce(0.0) { $0 + Double($1.0) * (2 * $1.1 - 1) }
      seen.expect(
        abs(component - components[label]) / Double(max(1, count)).squareRoot(), within: bound, "queues",
        "\(place) class \(label)")
    }
  }

  /// What the recording has of a step: its networks, and further heads of them.
  private static func networks(of step: any SemiSupervisedStep) -> [(name: String, state: StateDict)] {
    step.parts.filter {
      ["student", "average", "representation", "average.representation"].contains($0.name)
    }
    .map { ($0.name, $0.content.state) }
  }

  private static func velocities(of step: any SemiSupervisedStep) throws -> Values {
    let part = try #require(step.parts.first { $0.name == "optimizer.student" })
    return part.content.state.tensors.map { (String($0.path.dropFirst("velocity.".count)), $0.tensor.values) }
  }

  /// Norm of each part of the network, and the component along a direction, both in units of the norm.
  private func compare(
    _ values: Values, with place: String, within bound: Double, _ what: String, _ seen: inout Deviations
  ) throws {
    let (norms, components) = (try file.doubles("\(place)_norm"), try file.doubles("\(place)_along"))
    for (index, part) in Self.parts.enumerated() {
      var (square, component) = (0.0, 0.0)
      for entry in values where entry.name.hasPrefix(part + ".") {
        let direction = FillRule.uniform("direction.\(entry.name)", count: entry.values.count)
        for (value, u) in zip(entry.values, direction) {
          square += Double(value) * Double(value)
          component += Double(value) * (2 * u - 1)
        }
      }
      let scale = max(norms[index], 1e-9)
      seen.expect(
        abs(square.squareRoot() - norms[index]) / scale, within: bound, what, "norm of \(place) \(part)")
      seen.expect(abs(component - components[index]) / scale, within: bound, what, "\(place) \(part)")
    }
  }

  /// The worst deviation of each kind, for the log.
  private struct Deviations {
    private let title: String
    private var worst: [(kind: String, value: Double, where: String)] = []

    init(_ title: String) { self.title = title }

    mutating func expect(_ value: Double, within bound: Double, _ kind: String, _ place: String) {
      #expect(value <= bound, "\(title): \(kind) \(place): \(value) of \(bound)")
      guard let index = worst.firstIndex(where: { $0.kind == kind }) else {
        worst.append((kind, value, place))
        return
      }
      if !(value <= worst[index].value) { worst[index] = (kind, value, place) }
    }

    func report() {
      for entry in worst {
        print("oracle \(title): \(entry.kind) \(String(format: "%.1e", entry.value)) (\(entry.where))")
      }
    }
  }
}
