import Foundation

/// The system's cache of file contents, for benchmarks that have to say whether what they read came from a disk.
package enum PageCache {
  /// Asks the system to forget the contents of files. It may not: what another process maps, or a file system in memory,
  /// stays; `residentShare` tells.
  package static func evict(_ paths: [String]) {
    for path in paths {
      withDescriptor(path) { file, _ in
        // Pages that are not on the disk yet are not let go.
        fdatasync(file)
        posix_fadvise(file, 0, 0, Int32(POSIX_FADV_DONTNEED))
      }
    }
  }

  /// Of the files' pages, the share that is in memory; 0 without pages.
  package static func residentShare(_ paths: [String]) -> Double {
    var (resident, all) = (0, 0)
    for path in paths {
      withDescriptor(path) { file, bytes in
        guard bytes > 0, let start = mmap(nil, bytes, PROT_READ, MAP_SHARED, file, 0), start != MAP_FAILED
        else { return }
        defer { munmap(start, bytes) }
        let size = Int(sysconf(Int32(_SC_PAGESIZE)))
        var pages = [UInt8](repeating: 0, count: (bytes + size - 1) / size)
        guard mincore(start, bytes, &pages) == 0 else { return }
        all += pages.count
        resident += pages.count { $0 & 1 == 1 }
      }
    }
    return all > 0 ? Double(resident) / Double(all) : 0
  }

  /// - Parameter body: gets the file and its size in bytes; not called for a file that cannot be opened.
  private static func withDescriptor(_ path: String, _ body: (Int32, Int) -> Void) {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { return }
    body(file, Int(status.st_size))
  }
}
