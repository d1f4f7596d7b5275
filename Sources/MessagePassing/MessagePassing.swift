import Foundation
import Platform
import Ranks

#if MPI
  import CMPI
#endif

/// MPI as it is started and ended by a program whose ranks `mpirun` has started.
///
/// Only with the package's trait `MPI`; without it `start` says how to build one with.
public enum MessagePassing {
  /// Called once, from the thread that talks to other ranks from then on, before anything else is done.
  /// - Throws: `RanksError.notBuilt`, `.library`.
  public static func start() throws(RanksError) -> any Communicator {
    #if MPI
      let ranks = try MPICommunicator()
      // The transport below MPICH does not come back with an error when the process at its other end is gone: it aborts.
      AbortWords.set(
        "rank \(ranks.rank) of \(ranks.size): the MPI library has given up, as it does when another rank was killed; "
          + "what was saved is good to go on from",
        code: 1)
      return ranks
    #else
      throw .notBuilt(trait: "MPI")
    #endif
  }

  /// Called when all ranks have done their work, or have agreed that they will not.
  public static func end() {
    #if MPI
      _ = jml_mpi_end()
      AbortWords.clear()
    #endif
  }

  /// Ends all ranks at once, with an exit code, whatever they are doing.
  public static func abort(_ code: Int32) -> Never {
    #if MPI
      AbortWords.clear()
      jml_mpi_abort(code)
    #endif
    exit(code)
  }
}
