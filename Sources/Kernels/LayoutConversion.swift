import CKernels
import Tensors

extension Tensor {
  /// This [B, C, H, W] activation in another layout; itself when nothing changes.
  public func converted(to layout: Layout) -> Tensor {
    guard layout != self.layout else { return self }
    let result = Tensor(uninitialized: shape, layout: layout)
    var from = map
    var to = result.map
    KernelRuntime.run("layout", "layout conversion of \(shape)") {
      jml_convert(&from, pointer, &to, result.pointer)
    }
    return result
  }
}
