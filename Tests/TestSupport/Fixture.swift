import Foundation
import HDF5

/// Files a test target carries in its Fixtures folder.
public enum Fixture {
  public struct Missing: Error, CustomStringConvertible {
    public let name: String
    public let bundle: String
    public var description: String { "no fixture '\(name)' in \(bundle)" }
  }

  /// - Parameters:
  ///   - name: for instance "metrics.h5".
  ///   - bundle: the test target's `Bundle.module`.
  public static func url(_ name: String, in bundle: Bundle) throws -> URL {
    let url = bundle.bundleURL.appendingPathComponent("Fixtures").appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw Missing(name: name, bundle: bundle.bundlePath)
    }
    return url
  }

  public static func hdf5(_ name: String, in bundle: Bundle) throws -> HDF5File {
    try HDF5File(reading: url(name, in: bundle).path)
  }
}
