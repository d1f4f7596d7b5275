import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct ActivationKernelTests {
  static let shape: Shape = [2, 19, 5, 7]

  @Test func layoutsRoundTrip() {
    let values = Reference.random(Self.shape, "x")
    #expect(Tensor(blocked: values, Self.shape).plainValues == values)
  }

  /// Both channel blocks, whichever this processor prefers.
  @Test(arguments: [Activation.none, .relu, .relu6], [Layout.blocked(8), .blocked(16)])
  func batchNormAgreesWithItsDefinition(_ activation: Activation, _ layout: Layout) {
    // More pixels than one chunk of the sums, and a last channel block that is not full.
    let shape: Shape = [3, 19, 17, 31]
    let area = shape[2] * shape[3]
    let x = Reference.random(shape, "x")
    let dy = Reference.random(shape, "dy")
    let scale = Reference.random([19], "scale").map { $0 * 4 + 2 }
    let shift = Reference.random([19], "shift")
    let (y, saved) = BatchNormalization.forward(
      Tensor(x, shape: shape).converted(to: layout), scale: Tensor(scale, shape: [19]),
      shift: Tensor(shift, shape: [19]),
      epsilon: 1e-5, activation: activation)
    let back = BatchNormalization.backward(
      Tensor(dy, shape: shape).converted(to: layout), x: Tensor(x, shape: shape).converted(to: layout),
      scale: Tensor(scale, shape: [19]),
      shift: Tensor(shift, shape: [19]), saved: saved, epsilon: 1e-5, activation: activation)
    let bottom: Double = activation == .none ? -.infinity : 0
    let top: Double = activation == .relu6 ? 6 : .infinity
    let count = Double(shape[0] * area)
    var expected = [Double](repeating: 0, count: shape.count)
    var gradient = expected
    var dscale = [Double](repeating: 0, count: 19)
    var dshift = dscale
    for c in 0..<19 {
      let indices = (0..<shape[0]).flatMap { n in (0..<area).map { (n * 19 + c) * area + $0 } }
      let mean = indices.reduce(0) { $0 + Double(x[$1]) } / count
      let variance = indices.reduce(0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) } / count
      #expect(
        abs(Double(saved.mean.values[c]) - mean) < 1e-6
          && abs(Double(saved.variance.values[c]) - variance) < 1e-5)
      let inverse = 1 / (variance + 1e-5).squareRoot()
      let masked = indices.map { index -> Double in
        let value = (Double(x[index]) - mean) * inverse * Double(scale[c]) + Double(shift[c])
        expected[index] = min(max(value, bottom), top)
        return value > bottom && value < top ? Double(dy[index]) : 0
      }
      dshift[c] = masked.reduce(0, +)
      for (index, g) in zip(indices, masked) { dscale[c] += (Double(x[index]) - mean) * inverse * g }
      for (index, g) in zip(indices, masked) {
        let normalised = (Double(x[index]) - mean) * inverse
        gradient[index] =
          Double(scale[c]) * inverse * (g - dshift[c] / count - normalised * dscale[c] / count)
      }
    }
    expectClose(actual: y.plainValues.map(Double.init), expected: expected, tolerance: 2e-5, "y")
    expectClose(actual: back.x.plainValues.map(Double.init), expected: gradient, tolerance: 2e-5, "dx")
    expectClose(actual: back.scale.values.map(Double.init), expected: dscale, tolerance: 1e-4, "dscale")
    expectClose(actual: back.shift.values.map(Double.init), expected: dshift, tolerance: 1e-4, "dshift")
  }

  @Test(arguments: [(11, 13), (5, 7), (3, 20), (1, 1)]) func resizeAndItsTranspose(_ size: (Int, Int)) {
    let x = Reference.random(Self.shape, "x")
    let rows = Reference.axis(5, size.0)
    let columns = Reference.axis(7, size.1)
    let outShape: Shape = [2, 19, size.0, size.1]
    let dy = Reference.random(outShape, "dy")
    var y = [Double](repeating: 0, count: outShape.count)
    var dx = [Double](repeating: 0, count: Self.shape.count)
    for plane in 0..<38 {
      for (r, row) in rows.enumerated() {
        for (c, column) in columns.enumerated() {
          for (i, wi) in [(row.0, 1 - row.2), (row.1, row.2)] {
            for (j, wj) in [(column.0, 1 - column.2), (column.1, column.2)] {
              let out = (plane * size.0 + r) * size.1 + c
              let input = (plane * 5 + i) * 7 + j
              y[out] += wi * wj * Double(x[input])
              dx[input] += wi * wj * Double(dy[out])
            }
          }
        }
      }
    }
    for (input, gradient) in [
      (Tensor(x, shape: Self.shape), Tensor(dy, shape: outShape)),
      (Tensor(blocked: x, Self.shape), Tensor(blocked: dy, outShape)),
    ] {
      let up = Resize.forward(input, height: size.0, width: size.1)
      expectClose(actual: up.plainValues.map(Double.init), expected: y, tolerance: 1e-5, "y \(size)")
      let down = Resize.backward(gradient, shape: Self.shape)
      expectClose(actual: down.plainValues.map(Double.init), expected: dx, tolerance: 1e-4, "dx \(size)")
    }
  }

  /// What is added where it belongs has the bits of what is resized and added then.
  @Test(arguments: [(11, 13), (5, 7), (3, 20), (1, 1), (64, 9)]) func resizeIsAdded(_ size: (Int, Int)) {
    let x = Tensor(blocked: Reference.random(Self.shape, "x"), Self.shape)
    let shape: Shape = [2, 19, size.0, size.1]
    let y = Tensor(blocked: Reference.random(shape, "y"), shape)
    let apart = Elementwise.add(
      y, Resize.forward(x, height: size.0, width: size.1), activation: .none)
    Resize.add(x, to: y)
    #expect(y.plainValues.map(\.bitPattern) == apart.plainValues.map(\.bitPattern))
  }

  @Test(arguments: [1, 2, 3, 6]) func adaptivePoolingCoversEveryPixel(_ bins: Int) {
    let x = Reference.random(Self.shape, "x")
    let y = AdaptiveAveragePooling.forward(Tensor(blocked: x, Self.shape), bins: bins).plainValues
    let dy = Reference.random([2, 19, bins, bins], "dy")
    let dx = AdaptiveAveragePooling.backward(Tensor(blocked: dy, [2, 19, bins, bins]), shape: Self.shape)
      .plainValues
    var expected = [Float](repeating: 0, count: dx.count)
    for plane in 0..<38 {
      for r in 0..<bins {
        for c in 0..<bins {
          let ys = r * 5 / bins..<((r + 1) * 5 + bins - 1) / bins
          let xs = c * 7 / bins..<((c + 1) * 7 + bins - 1) / bins
          var sum: Float = 0
          for row in ys {
            for column in xs {
              sum += x[(plane * 5 + row) * 7 + column]
              expected[(plane * 5 + row) * 7 + column] +=
                dy[(plane * bins + r) * bins + c] / Float(ys.count * xs.count)
            }
          }
          #expect(abs(y[(plane * bins + r) * bins + c] - sum / Float(ys.count * xs.count)) < 1e-5)
        }
      }
    }
    expectClose(actual: dx, expected: expected, tolerance: 1e-5)
  }

  /// TensorFlow's "same" rule at stride 1: the far row and column are zeros that count.
  @Test func averagePoolingCountsPaddingOnlyWhenAsked() {
    let x = Tensor(blocked: [Float](repeating: 1, count: 16 * 9), [1, 16, 3, 3])
    let same = Pooling(kind: .averageIncludingPadding, kernel: 2, stride: 1, padding: 0, paddingAfter: 1)
    #expect(
      Array(same.forward(x, training: false).y.plainValues.prefix(9)) == [
        1, 1, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.25,
      ])
    let ceiling = Pooling(kind: .averageExcludingPadding, kernel: 2, stride: 2, padding: 0, paddingAfter: 1)
    #expect(Array(ceiling.forward(x, training: false).y.plainValues.prefix(4)) == [1, 1, 1, 1])
  }

  @Test func maximumPoolingSendsGradientsToTheMaximum() {
    let values = (0..<25).map { Float($0 * 7 % 25) }
    let x = Tensor(blocked: (0..<16).flatMap { _ in values }, [1, 16, 5, 5])
    let pooling = Pooling(kind: .maximum, kernel: 3, stride: 2, padding: 1, paddingAfter: 1)
    let (y, workspace) = pooling.forward(x, training: true)
    #expect(y.shape == [1, 16, 3, 3])
    let dx = pooling.backward(
      Tensor(blocked: [Float](repeating: 1, count: 144), y.shape), shape: x.shape, workspace: workspace)
    let gradient = Array(dx.plainValues.prefix(25))
    #expect(gradient.reduce(0, +) == 9)
    for (value, gradient) in zip(values, gradient) where gradient > 0 {
      #expect(Array(y.plainValues.prefix(9)).contains(value))
    }
  }

  @Test func concatenationSplitsBack() {
    let first = Reference.random([2, 16, 3, 4], "a")
    let second = Reference.random([2, 32, 3, 4], "b")
    let whole = Concatenation.forward([
      Tensor(blocked: first, [2, 16, 3, 4]), Tensor(blocked: second, [2, 32, 3, 4]),
    ])
    #expect(whole.shape == [2, 48, 3, 4])
    let parts = Concatenation.backward(whole, shapes: [[2, 16, 3, 4], [2, 32, 3, 4]])
    #expect(parts[0].plainValues == first && parts[1].plainValues == second)
    var expected: [Float] = []
    for n in 0..<2 {
      expected.append(contentsOf: first.dropFirst(n * 192).prefix(192))
      expected.append(contentsOf: second.dropFirst(n * 384).prefix(384))
    }
    #expect(whole.plainValues == expected)
  }

  /// 19 channels leave room in their last block; parts of unequal length.
  @Test func batchConcatenationSplitsBack() {
    let shapes: [Shape] = [[2, 19, 3, 4], [1, 19, 3, 4], [3, 19, 3, 4]]
    let values = shapes.enumerated().map { Reference.random($1, "part \($0)") }
    let plain = zip(values, shapes).map { Tensor($0, shape: $1) }
    let blocked = zip(values, shapes).map { Tensor(blocked: $0, $1) }
    for parts in [plain, blocked] {
      let whole = BatchConcatenation.forward(parts)
      #expect(whole.shape == [6, 19, 3, 4] && whole.layout == parts[0].layout)
      #expect(whole.plainValues == values.flatMap { $0 })
      let back = BatchConcatenation.backward(whole, shapes: shapes)
      #expect(back.map(\.plainValues) == values && back.map(\.shape) == shapes)
    }
  }

  /// In several tiles of pixels, the same bits as one pixel after the other.
  @Test func softmaxOfPlanes() {
    let shape: Shape = [2, 7, 31, 37]
    let (pixels, classes) = (31 * 37, 7)
    let x = Reference.random(shape, "x").map { $0 * 9 }
    var expected = x
    for image in 0..<2 {
      for pixel in 0..<pixels {
        let places = (0..<classes).map { (image * classes + $0) * pixels + pixel }
        let greatest = places.map { x[$0] }.max() ?? 0
        let powers = places.map { exp(x[$0] - greatest) }
        let sum = powers.reduce(0, +)
        for (place, power) in zip(places, powers) { expected[place] = power / sum }
      }
    }
    #expect(Elementwise.softmax(Tensor(x, shape: shape)).values == expected)
  }

  @Test func softmaxSumsToOneAndItsGradientToZero() {
    let x = Tensor(Reference.random(Self.shape, "x"), shape: Self.shape)
    let y = Elementwise.softmax(x)
    let dx = Elementwise.softmaxBackward(
      Tensor(Reference.random(Self.shape, "dy"), shape: Self.shape), output: y
    ).values
    for n in 0..<2 {
      for pixel in 0..<35 {
        let channels = (0..<19).map { (n * 19 + $0) * 35 + pixel }
        #expect(abs(channels.reduce(0) { $0 + y.values[$1] } - 1) < 1e-5)
        #expect(abs(channels.reduce(0) { $0 + dx[$1] }) < 1e-5)
      }
    }
  }

  /// More numbers than one thread takes, in the layout of a weight; nothing is clamped.
  @Test func sumOfWeightGradients() {
    let shape: Shape = [48, 40, 3, 7]
    let (a, b) = (Tensor(uninitialized: shape, layout: .hwio), Tensor(uninitialized: shape, layout: .hwio))
    let left = [Float.infinity] + Reference.random(shape, "a").dropFirst()
    let right = Reference.random(shape, "b")
    a.assign(kernelValues: left)
    b.assign(kernelValues: right)
    #expect(Elementwise.sum(a, b).kernelValues == zip(left, right).map { $0 + $1 })
    #expect(Elementwise.sum(a, b).layout == .hwio)
  }

  @Test func activationsClampBothWays() {
    let x = Tensor(blocked: Reference.random(Self.shape, "x").map { $0 * 10 }, Self.shape)
    let y = Elementwise.activate(x, .relu6)
    #expect(zip(x.plainValues, y.plainValues).allSatisfy { min(max($0, 0), 6) == $1 })
    let ones = Tensor(blocked: [Float](repeating: 1, count: Self.shape.count), Self.shape)
    let dx = Elementwise.activateBackward(ones, output: y, .relu6).plainValues
    #expect(zip(x.plainValues, dx).allSatisfy { ($0 > 0 && $0 < 6 ? 1 : 0) == $1 })
    let sum = Elementwise.add(x, ones, activation: .relu).plainValues
    #expect(zip(x.plainValues, sum).allSatisfy { max($0 + 1, 0) == $1 })
  }
}
