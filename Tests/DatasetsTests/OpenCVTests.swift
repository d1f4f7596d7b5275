import Foundation
import HDF5
import Images
import Tensors
import TestSupport
import Testing

/// Scaling by a factor beside OpenCV's own `resize(fx, fy)`, recorded by Tests/Oracles/record_resize.py: forty draws
/// of small odd sizes, halves of pixels among them.
@Suite(.serialized) struct OpenCVTests {
  private struct Case {
    let factor: Double
    let image: ImageBuffer
    let label: LabelMap
    let height: Int
    let width: Int
    let linear: [Float]
    let linear8: [UInt8]
    let nearest: [UInt8]

    /// A crop of the scaled image.
    func geometry(flip: Bool = false, top: Int = 0, left: Int = 0, height: Int? = nil, width: Int? = nil)
      -> CropGeometry
    {
      CropGeometry(
        scaledHeight: CropGeometry.scaled(image.height, by: factor),
        scaledWidth: CropGeometry.scaled(image.width, by: factor), factor: factor, flip: flip, top: top,
        left: left,
        height: height ?? self.height, width: width ?? self.width)
    }
  }

  private func cases() throws -> [Case] {
    let file = try Fixture.hdf5("resize.h5", in: Bundle.module)
    let count = try #require(try file.int32s("count").first)
    return try (0..<Int(count)).map { index in
      let group = String(format: "%02d", index)
      let source = try file.shape("\(group)/label")
      let target = try file.shape("\(group)/nearest")
      return Case(
        factor: try #require(try file.doubles("\(group)/factor").first),
        image: ImageBuffer(height: source[0], width: source[1], pixels: try file.bytes("\(group)/image")),
        label: LabelMap(height: source[0], width: source[1], values: try file.bytes("\(group)/label")),
        height: target[0], width: target[1], linear: try file.floats("\(group)/linear"),
        linear8: try file.bytes("\(group)/linear8"), nearest: try file.bytes("\(group)/nearest"))
    }
  }

  private let plain = Normalization(mean: .zero, std: SIMD3(repeating: 1))

  private func nearest(_ label: LabelMap, _ geometry: CropGeometry) -> [UInt8] {
    var values = [UInt8](repeating: 99, count: geometry.height * geometry.width)
    values.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { Resample.nearest(label, geometry, into: start) }
    }
    return values
  }

  @Test func wholeImages() throws {
    let cases = try cases()
    #expect(cases.count == 40)
    for item in cases {
      let geometry = item.geometry()
      #expect((geometry.scaledHeight, geometry.scaledWidth) == (item.height, item.width), "\(item.factor)")
      #expect(nearest(item.label, geometry) == item.nearest, "\(item.factor)")
      let result = Tensor(repeating: .nan, shape: [3, item.height, item.width])
      Resample.bilinear(item.image, geometry, plain, into: result.pointer)
      // OpenCV's are [H, W, 3].
      let area = item.height * item.width
      let mixed = (0..<area * 3).map { result.values[$0 % 3 * area + $0 / 3] }
      // OpenCV's positions are single floats.
      expectClose(actual: mixed, expected: item.linear, tolerance: 2e-4, "factor \(item.factor)")
      // Of 8-bit images it keeps whole numbers, of fixed-point weights.
      expectClose(
        actual: mixed, expected: item.linear8.map(Float.init), tolerance: 0.85, "8 bit, \(item.factor)")
    }
  }

  /// A mirrored crop that reaches beyond the image on two sides shows the whole image's pixels.
  @Test func mirroredCrops() throws {
    for item in try cases() {
      let (height, width) = (item.height + 1, item.width + 1)
      let geometry = item.geometry(flip: true, top: 1, left: -2, height: height, width: width)
      let result = nearest(item.label, geometry)
      for y in 0..<height {
        for x in 0..<width {
          let (row, column) = (y + 1, x - 2)
          let isInside = row < item.height && (0..<item.width).contains(column)
          let expected =
            isInside ? item.nearest[row * item.width + item.width - 1 - column] : LabelMap.ignore
          #expect(result[y * width + x] == expected, "\(item.factor): \(y), \(x)")
        }
      }
    }
  }

  /// The factor matters: the ratio of the rounded sizes gives other labels.
  @Test func roundedSizesDiffer() throws {
    let differ = try cases().filter { item in
      let sizes = CropGeometry.whole(height: item.height, width: item.width)
      return nearest(item.label, sizes) != item.nearest
    }
    #expect(differ.count > 10)
  }

  @Test func halvesAreRoundedToEven() {
    #expect([3, 5, 7, 9].map { CropGeometry.scaled($0, by: 0.5) } == [2, 2, 4, 4])
    #expect(CropGeometry.scaled(7, by: 1.5) == 10)
    #expect(CropGeometry.scaled(1, by: 0.3) == 1)
  }
}
