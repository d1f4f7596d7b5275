import CKernels
import COpenBLAS
import Tensors

/// What the kernels run on: threads, preferred layout, library versions.
public enum KernelRuntime {
  /// Threads used by kernels that the calling thread starts.
  public static var threads: Int {
    get { Int(jml_thread_count()) }
    set { jml_set_thread_count(Int32(newValue)) }
  }

  /// How many threads work when the calling thread's kernels ask for `count`. The environment (`OMP_THREAD_LIMIT`), a
  /// queue or a container may allow fewer than were set, and the library's primitives would wait for the others for ever.
  /// - Parameter count: at least 1.
  /// - Returns: `working` threads, and how many the system would start at all; both at most `count`.
  public static func team(of count: Int) -> (working: Int, startable: Int) {
    precondition(count > 0, "KernelRuntime.team: \(count) threads")
    var startable: Int32 = 0
    let working = jml_measure_team(Int32(count), &startable)
    return (Int(working), Int(startable))
  }

  /// The activation layout that the convolution kernels prefer on this CPU.
  public static let preferredLayout: Layout = .blocked(Int(jml_preferred_block()))

  public static var dnnlVersion: String { String(cString: jml_dnnl_version()) }

  /// Build configuration and CPU kernel set of OpenBLAS.
  public static var openBLASConfiguration: String {
    guard let text = openblas_get_config() else { return "unknown" }
    return String(cString: text)
  }

  /// Frees scratch memory that the calling thread's kernels keep between calls.
  public static func releaseScratch() { jml_release_scratch() }

  /// Runs a kernel, counting its time under `kind`, and traps with the library's reason: a failing kernel is a shape
  /// the caller should not have asked for.
  static func run(
    _ kind: @autoclosure () -> String, _ operation: @autoclosure () -> String, _ kernel: () -> Int32
  ) {
    guard Profiler.measure(kind(), kernel) != 0 else { return }
    preconditionFailure("\(operation()): \(String(cString: jml_last_error()))")
  }
}

extension Layout {
  /// The channel block handed to C: 0 for plain.
  var block: Int32 {
    switch self {
    case .plain: return 0
    case .blocked(let block): return Int32(block)
    case .hwio: preconditionFailure("Layout: convolution weights are not an activation")
    }
  }
}

extension Tensor {
  /// This activation's sizes for C. [B, C, H, W] only.
  var map: jml_map {
    precondition(shape.rank == 4, "Tensor: an activation is [B, C, H, W], got \(shape)")
    return jml_map(
      batch: Int32(shape[0]), channels: Int32(shape[1]), height: Int32(shape[2]), width: Int32(shape[3]),
      block: layout.block)
  }

  /// A plain tensor of any shape as one row, for element-wise kernels.
  var flatMap: jml_map {
    precondition(layout == .plain, "Tensor: \(shape) (\(layout)) is not plain")
    return jml_map(batch: 1, channels: 1, height: 1, width: Int32(shape.count), block: 0)
  }
}
