import CHDF5
import Synchronization

/// Entry to the C library, which writes files and reads none. Debian's build is thread-safe (one global lock), so any thread may call.
enum HDF5Library {
  private static let version: String = {
    // Without this, a file that could not be closed makes the library's own exit handler crash the process.
    H5dont_atexit()
    H5open()
    var numbers: (UInt32, UInt32, UInt32) = (0, 0, 0)
    H5get_libversion(&numbers.0, &numbers.1, &numbers.2)
    return "\(numbers.0).\(numbers.1).\(numbers.2)"
  }()

  private static let opened = Atomic<Int>(0)

  /// Call first in every public entry point.
  @discardableResult
  static func enter() -> String {
    let version = version
    jml_h5_quiet()
    return version
  }

  /// In-memory files of equal name would be taken for the same file, so each gets a name of its own.
  static func uniqueName() -> String { "memory-\(opened.wrappingAdd(1, ordering: .relaxed).newValue)" }

  /// How values are moved that change their form on the way. The library clears its room for that before each call, a MiB unless it
  /// is told that less will do.
  static func transfer(bytes: Int, orThrow error: (String) -> HDF5Error) throws -> Handle {
    let transfer = try Handle(H5Pcreate(jml_h5_class_dataset_transfer()), close: H5Pclose, orThrow: error)
    let room = min(max(bytes, 1 << 12), 1 << 20)
    guard H5Pset_buffer(transfer.id, room, nil, nil) >= 0 else { throw error(lastError()) }
    return transfer
  }

  /// The current thread's library errors, innermost cause first.
  static func lastError() -> String {
    var text = [CChar](repeating: 0, count: 1024)
    jml_h5_last_error(&text, text.count)
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "no reason given" : String(decoding: bytes, as: UTF8.self)
  }
}

/// The version of libhdf5 in use, for instance "1.10.8".
public func hdf5LibraryVersion() -> String { HDF5Library.enter() }

/// Owns one library identifier and closes it.
struct Handle: ~Copyable {
  let id: hid_t
  private let close: @convention(c) (hid_t) -> herr_t

  init(_ id: hid_t, close: @convention(c) (hid_t) -> herr_t, orThrow error: (String) -> HDF5Error) throws {
    guard id >= 0 else { throw error(HDF5Library.lastError()) }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
