import Datasets
import Images
import Tensors
import Testing

@Suite struct StrongViewTests {
  private static let draws = 12_000

  /// The name of an operation and its number, if it has one.
  private static func parts(_ operation: PictureOperation) -> (name: String, number: Double?) {
    switch operation {
    case .identity: ("identity", nil)
    case .autocontrast: ("autocontrast", nil)
    case .equalize: ("equalize", nil)
    case .invert: ("invert", nil)
    case .grayscale: ("grayscale", nil)
    case .gaussianBlur(let sigma): ("gaussianBlur", sigma)
    case .contrast(let factor): ("contrast", factor)
    case .brightness(let factor): ("brightness", factor)
    case .color(let factor): ("color", factor)
    case .sharpness(let factor): ("sharpness", factor)
    case .posterize(let bits): ("posterize", Double(bits))
    case .solarize(let threshold): ("solarize", Double(threshold))
    case .hue(let turn): ("hue", turn)
    }
  }

  private func draw(_ view: StrongView, _ count: Int = draws) -> [[PictureOperation]] {
    (0..<count).map { draw in
      var random = RandomSource(seed: 3, purpose: "strong", draw)
      return view.operations(using: &random)
    }
  }

  private func numbers(_ lists: [[PictureOperation]]) -> [String: [Double]] {
    var numbers: [String: [Double]] = [:]
    for operation in lists.joined() {
      let (name, number) = Self.parts(operation)
      numbers[name, default: []] += [number ?? 0]
    }
    return numbers
  }

  /// Values lie in a range and come close to both of its ends and to its middle.
  private func expectUniform(_ values: [Double]?, _ range: ClosedRange<Double>, _ name: String) {
    guard let values, let least = values.min(), let most = values.max() else {
      Issue.record("\(name) is never drawn")
      return
    }
    let width = range.upperBound - range.lowerBound
    #expect(range.contains(least) && range.contains(most), "\(name): \(least)...\(most)")
    #expect(
      least < range.lowerBound + 0.02 * width && most > range.upperBound - 0.02 * width,
      "\(name): \(least)...\(most)")
    // Four deviations of the mean of uniform values.
    let mean = values.reduce(0, +) / Double(values.count)
    let middle = (range.lowerBound + range.upperBound) / 2
    #expect(
      abs(mean - middle) < 4 * width / (12 * Double(values.count)).squareRoot() + 0.002 * width,
      "\(name): mean \(mean)")
  }

  /// How often something with a probability happens, within five deviations.
  private func expectShare(_ count: Int, of total: Int, _ probability: Double, _ what: String) {
    let deviation = (Double(total) * probability * (1 - probability)).squareRoot()
    #expect(abs(Double(count) - Double(total) * probability) < 5 * deviation, "\(what): \(count) of \(total)")
  }

  private func expectWholeNumbers(_ values: [Double]?, _ wanted: Set<Double>, _ name: String) {
    let values = values ?? []
    #expect(Set(values) == wanted, "\(name): \(Set(values).sorted())")
    for value in wanted {
      expectShare(
        values.count { $0 == value }, of: values.count, 1 / Double(wanted.count), "\(name) \(value)")
    }
  }

  private let eleven: Set<String> = [
    "identity", "autocontrast", "equalize", "gaussianBlur", "contrast", "brightness", "color", "sharpness",
    "posterize", "solarize", "hue",
  ]

  @Test func augSeg() {
    let lists = draw(.augSeg(maximumOperations: 3))
    for count in 1...3 {
      expectShare(lists.count { $0.count == count }, of: lists.count, 1 / 3, "\(count) operations")
    }
    #expect(lists.allSatisfy { (1...3).contains($0.count) })
    let numbers = numbers(lists)
    let total = lists.joined().count
    #expect(Set(numbers.keys) == eleven)
    for (name, values) in numbers { expectShare(values.count, of: total, 1 / 11, name) }
    for name in ["contrast", "brightness", "color", "sharpness"] {
      expectUniform(numbers[name], 0.05...0.95, name)
    }
    expectUniform(numbers["gaussianBlur"], 0.1...2, "gaussianBlur")
    expectUniform(numbers["hue"], -0.5...0.5, "hue")
    expectWholeNumbers(numbers["posterize"], [4, 5, 6, 7], "posterize")
    expectUniform(numbers["solarize"], 1...255, "solarize")
    // With replacement: an operation may come twice.
    #expect(lists.contains { Set($0.map { Self.parts($0).name }).count < $0.count })
    #expect(draw(.augSeg(maximumOperations: 1), 50).allSatisfy { $0.count == 1 })
  }

  @Test func imas() {
    for count in [1, 2, 5] {
      #expect(draw(.imas(operations: count), 200).allSatisfy { $0.count == count })
    }
    let lists = draw(.imas(operations: 2))
    let numbers = numbers(lists)
    #expect(Set(numbers.keys) == eleven.union(["invert"]))
    for (name, values) in numbers { expectShare(values.count, of: 2 * lists.count, 1 / 12, name) }
    for name in ["contrast", "brightness", "color", "sharpness"] {
      expectUniform(numbers[name], 0.1...0.95, name)
    }
    expectUniform(numbers["gaussianBlur"], 0.1...2, "gaussianBlur")
    expectUniform(numbers["hue"], -0.5...0.5, "hue")
    expectWholeNumbers(numbers["posterize"], [4, 5, 6, 7], "posterize")
    expectUniform(numbers["solarize"], 1...255, "solarize")
  }

  @Test func uniMatch() {
    let lists = draw(.uniMatch)
    let numbers = numbers(lists)
    let jitter: Set<String> = ["brightness", "contrast", "color", "hue"]
    #expect(Set(numbers.keys) == jitter.union(["grayscale", "gaussianBlur"]))
    for name in jitter { expectShare(numbers[name]?.count ?? 0, of: lists.count, 0.8, name) }
    expectShare(numbers["grayscale"]?.count ?? 0, of: lists.count, 0.2, "grayscale")
    expectShare(numbers["gaussianBlur"]?.count ?? 0, of: lists.count, 0.5, "gaussianBlur")
    for name in ["brightness", "contrast", "color"] { expectUniform(numbers[name], 0.5...1.5, name) }
    expectUniform(numbers["hue"], -0.25...0.25, "hue")
    expectUniform(numbers["gaussianBlur"], 0.1...2, "gaussianBlur")
    var orders: [String: Int] = [:]
    for list in lists {
      let names = list.map { Self.parts($0).name }
      let first = names.prefix { jitter.contains($0) }
      #expect([0, 4].contains(first.count) && Set(first).count == first.count)
      #expect(
        [[], ["grayscale"], ["gaussianBlur"], ["grayscale", "gaussianBlur"]].contains(
          names.dropFirst(first.count)))
      if !first.isEmpty { orders[first.joined(separator: " "), default: 0] += 1 }
    }
    // All orders of the four.
    #expect(orders.count == 24)
    for (order, count) in orders { expectShare(count, of: orders.values.reduce(0, +), 1 / 24, order) }
  }

  /// Whatever comes out, a view draws as many numbers, in the order that it documents.
  @Test(arguments: [
    (StrongView.augSeg(maximumOperations: 3), 7), (.augSeg(maximumOperations: 1), 3),
    (.imas(operations: 2), 4),
    (.uniMatch, 11),
  ])
  func countOfNumbers(_ view: StrongView, _ count: Int) {
    for draw in 0..<200 {
      let random = RandomSource(seed: 4, purpose: "numbers", draw)
      var (drawn, expected) = (random, random)
      let operations = view.operations(using: &drawn)
      for _ in 0..<count { _ = expected.next() }
      #expect(drawn.next() == expected.next())
      var again = random
      #expect(view.operations(using: &again) == operations)
    }
  }

  @Test func orderOfNumbers() throws {
    for draw in 0..<300 {
      let random = RandomSource(seed: 5, purpose: "order", draw)
      var (view, numbers) = (random, random)
      let operations = StrongView.augSeg(maximumOperations: 3).operations(using: &view)
      #expect(operations.count == 1 + numbers.below(3))
      for operation in operations {
        let which = numbers.below(11)
        let strength = numbers.uniform()
        if operation == .identity { #expect(which == 0) }
        if case .brightness(let factor) = operation { #expect(which == 5 && factor == 0.95 - 0.9 * strength) }
        if case .posterize(let bits) = operation {
          #expect(which == 8 && bits == 8 - max(1, Int((4 * strength).rounded(.up))))
        }
        if case .solarize(let threshold) = operation {
          #expect(which == 9 && threshold == 256 - max(1, Int((255 * strength).rounded(.up))))
        }
      }
    }
  }
}
