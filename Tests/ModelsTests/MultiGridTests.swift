import Autograd
import Models
import Tensors
import Testing

/// Multi-grid, measured on the network: where the last stage's map changes when one pixel of the image does.
@Suite(.serialized) struct MultiGridTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let backbone: Architecture.Backbone
    let multiGrid: [Int]?
    /// Of the 3x3 convolutions of each block, in their order.
    let dilations: [[Int]]

    var testDescription: String { "\(backbone) \(multiGrid.map { "\($0)" } ?? "without")" }
  }

  static let cases = [
    Case(backbone: .resnet50d, multiGrid: nil, dilations: [[1], [2], [2]]),
    Case(backbone: .resnet50d, multiGrid: [1, 2, 4], dilations: [[2], [4], [8]]),
    Case(backbone: .resnet50d, multiGrid: [2, 2, 4], dilations: [[4], [4], [8]]),
    Case(backbone: .resnet18d, multiGrid: nil, dilations: [[1, 2], [2, 2]]),
    Case(backbone: .resnet18d, multiGrid: [1, 2], dilations: [[2, 2], [4, 4]]),
    Case(backbone: .resnet18d, multiGrid: [2, 1], dilations: [[4, 4], [2, 2]]),
  ]

  private static func model(
    _ backbone: Architecture.Backbone, _ multiGrid: [Int]?, outputStride: Int = 16
  ) -> SegmentationModel {
    SegmentationModel(
      Architecture(
        backbone: backbone, decoder: .classifier(isPooled: false),
        outChannels: backbone == .resnet18d ? 512 : 2048, auxiliaryChannels: nil, outputStride: outputStride,
        dropout: 0, stochasticDepth: 0, multiGrid: multiGrid), classes: 3, seed: 6)
  }

  private static let (height, width) = (23 * 16, 20 * 16)
  /// The changed pixel lies in the middle of a cell of 16x16, so that the third stage sees it in that cell alone.
  private static let cell = (row: 11, column: 9)

  private static func images(changed: Bool) -> Variable {
    var random = RandomSource(seed: 1, purpose: "images")
    var values = (0..<3 * height * width).map { _ in Float(random.uniform(-1, 1)) }
    if changed {
      for channel in 0..<3 {
        values[(channel * height + 16 * cell.row + 8) * width + 16 * cell.column + 8] += 8
      }
    }
    return Variable(constant: Tensor(values, shape: [1, 3, height, width]))
  }

  /// Rows and columns of a map where some channel changes by more than rounding.
  private static func changes(_ before: Variable, _ after: Variable) -> (rows: Set<Int>, columns: Set<Int>) {
    let (a, b) = (before.value.converted(to: .plain).values, after.value.converted(to: .plain).values)
    let (height, width) = (before.shape[2], before.shape[3])
    let greatest = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    var (rows, columns): (Set<Int>, Set<Int>) = ([], [])
    for index in a.indices where abs(a[index] - b[index]) > 1e-3 * greatest {
      rows.insert(index / width % height)
      columns.insert(index % width)
    }
    return (rows, columns)
  }

  /// Offsets that a row of 3x3 convolutions adds to those of its input.
  private static func spread(_ offsets: Set<Int>, _ dilations: [Int]) -> Set<Int> {
    dilations.reduce(offsets) { offsets, dilation in
      Set(offsets.flatMap { [$0 - dilation, $0, $0 + dilation] })
    }
  }

  /// In a network as it is made, the last norm of every residual branch is zero. One branch at a time is switched on;
  /// the first block's shortcut averages each place with the next.
  @Test(arguments: cases) func dilations(_ test: Case) throws {
    let (before, after) = (Self.images(changed: false), Self.images(changed: true))
    for (block, dilations) in test.dilations.enumerated() {
      let model = Self.model(test.backbone, test.multiGrid)
      let last = test.backbone == .resnet18d ? "bn2" : "bn3"
      let norm = "backbone.backbone.layer4.\(block).\(last).weight"
      let scale = try #require(model.parameters.first { $0.name == norm })
      model.assign(StateDict([(norm, Tensor(repeating: 1, shape: scale.shape))]))
      let (a, b) = (
        model(before, .evaluation(), taps: [.stage3, .stage4]),
        model(after, .evaluation(), taps: [.stage3, .stage4])
      )
      let input = Self.changes(a[.stage3], b[.stage3])
      #expect(input.rows == [Self.cell.row] && input.columns == [Self.cell.column])
      let shortcut: Set<Int> = [-1, 0]
      let expected =
        block == 0 ? Self.spread([0], dilations).union(shortcut) : Self.spread(shortcut, dilations)
      let output = Self.changes(a[.stage4], b[.stage4])
      #expect(Set(output.rows.map { $0 - Self.cell.row }) == expected, "\(test.testDescription) \(block)")
      #expect(Set(output.columns.map { $0 - Self.cell.column }) == expected)
    }
  }

  @Test func weightsAreTheSameWithAndWithout() {
    let (without, with) = (Self.model(.resnet50d, nil), Self.model(.resnet50d, [1, 2, 4]))
    #expect(without.parameters.map(\.name) == with.parameters.map(\.name))
    #expect(
      zip(without.parameters, with.parameters).allSatisfy { $0.value.kernelValues == $1.value.kernelValues })
    let counts = [without, with].map { $0.operationCounts(height: 64, width: 96) }
    #expect(counts[0] == counts[1])
  }
}
