import Tensors
import Testing

@Suite struct KernelLayoutTests {
  private static let shape: Shape = [19, 35, 3, 3]

  private static func tensor(_ layout: Layout) -> Tensor {
    let tensor = Tensor(uninitialized: shape, layout: layout)
    tensor.assign(kernelValues: (0..<shape.count).map { Float($0) })
    return tensor
  }

  /// Row-major values are the same, whichever layout they come from and go to.
  @Test(arguments: [Layout.plain, .hwio], [Layout.plain, .hwio]) func assignment(_ from: Layout, _ to: Layout)
  {
    let target = Tensor(uninitialized: Self.shape, layout: to)
    target.assign(Self.tensor(from))
    #expect(target.kernelValues == Self.tensor(to).kernelValues)
    #expect(target.kernelValues == (0..<Self.shape.count).map { Float($0) })
  }
}
