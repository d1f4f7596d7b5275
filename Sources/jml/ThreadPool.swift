import Foundation
import Runner

/// How threads of a kernel wait for each other.
enum ThreadPool {
  /// libgomp's threads spin for milliseconds before they sleep. Where another process wants the same cores, that makes
  /// a step several times slower, since the one that is waited for is not running. A short spin costs next to nothing
  /// on an idle machine. The library reads the setting when it is loaded, hence the second start of the program.
  static func beGentle() {
    guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
    setenv("GOMP_SPINCOUNT", "1000", 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
    execv(ProjectLocation.executable.path, &arguments)
    // Still here: then without.
    for argument in arguments { free(argument) }
  }
}
