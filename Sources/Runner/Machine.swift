import Foundation
import HDF5
import Kernels
import Platform

/// What a run's record says of the machine and the software under it.
public enum Machine {
  /// As the kernel names it.
  public static let cpu: String = information("model name") ?? information("Model") ?? "unknown CPU"

  /// Which processor it is, whatever its name: a virtual machine may call several by one. Vendor, family, model, and the
  /// widest vectors.
  public static let processor: String = {
    let names = [
      ("vendor_id", ""), ("cpu family", "family "), ("model", "model "), ("CPU implementer", "implementer "),
      ("CPU part", "part "),
    ]
    let known = names.compactMap { key, word in information(key).map { word + $0 } }
    let flags = Set((information("flags") ?? "").split(separator: " "))
    let vectors = ["avx512_bf16", "avx512f", "avx2"].first { flags.contains($0[...]) }
    return (known + [vectors].compactMap { $0 }).joined(separator: " ")
  }()

  /// A line of the kernel's description of the first processor.
  private static func information(_ key: String) -> String? {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, parts[0] == key { return parts[1] }
    }
    return nil
  }

  /// Processors that this process may use, and no more threads than a queue lets its programs have.
  public static var cores: Int { min(Processors.usable, ThreadTeam.limit) }

  /// Memory that this process may have: the machine's, or what its control group leaves of it.
  public static var memoryBytes: UInt64 { MemoryLimits.current.resident }

  /// The most memory that this process has had resident.
  public static var peakMemoryBytes: Int {
    // The exec'd program's own peak: what getrusage reports begins with the size of the process that forked it.
    if let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
    {
      return kilobytes * 1024
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  /// Bytes free for this user on the file system of `folder`, or of the nearest folder above it that exists.
  public static func freeBytes(at folder: URL) -> UInt64? {
    var place = folder.standardizedFileURL
    var status = statvfs()
    while statvfs(place.path, &status) != 0 {
      guard place.path != "/" else { return nil }
      place.deleteLastPathComponent()
    }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// By the names that records use.
  public static var versions: [String: String] {
    [
      "dnnl": KernelRuntime.dnnlVersion, "openblas": KernelRuntime.openBLASConfiguration,
      "hdf5": hdf5LibraryVersion(),
      "swift": compiler, "system": system,
    ]
  }

  /// The compiler's language version that this program was built with.
  static let compiler: String = {
    #if swift(>=6.4)
      return "6.4 or newer"
    #elseif swift(>=6.3)
      return "6.3"
    #elseif swift(>=6.2)
      return "6.2"
    #elseif swift(>=6.1)
      return "6.1"
    #else
      return "6.0"
    #endif
  }()

  static let system: String = {
    let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
    return line.map { $0.dropFirst("PRETTY_NAME=".count).trimmingCharacters(in: ["\""]) } ?? "Linux"
  }()
}
