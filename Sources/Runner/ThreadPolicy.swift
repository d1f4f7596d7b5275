import Foundation

/// How the kernels' threads wait for work.
public enum ThreadPolicy {
  /// Makes idle kernel threads sleep after a short spin, by starting this program once more with that setting, which
  /// the OpenMP runtime reads when it is loaded. Does nothing when the user has chosen a setting.
  ///
  /// A training step enters hundreds of parallel regions. When another process wants a core, threads that spin at the
  /// end of each region keep the one they wait for from running: steps then take three times as long. On an idle
  /// machine sleeping costs a few microseconds a region.
  public static func adopt() {
    guard getenv("OMP_WAIT_POLICY") == nil, getenv("GOMP_SPINCOUNT") == nil else { return }
    setenv("GOMP_SPINCOUNT", "1000", 1)
    // OpenBLAS would start threads of its own, which never get work here but spin before they sleep.
    setenv("OPENBLAS_NUM_THREADS", "1", 0)
    // On failure the program simply goes on, spinning.
    execv(ProjectLocation.executable.path, CommandLine.unsafeArgv)
  }
}
