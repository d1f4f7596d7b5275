import CHDF5

/// A number type that datasets hold: how it is read, and for the writer its type in memory and, little-endian, in files.
protocol HDF5Element {
  static var memoryType: hid_t { get }
  static var fileType: hid_t { get }
  /// What a dataset must hold to be read as this type without losing anything but float precision.
  static var wanted: String { get }
  /// nil for values that this type does not hold, or that lie in a way that is not read.
  static func conversion(from type: Datatype) -> Conversion?
}

extension Float: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_float() }
  static var fileType: hid_t { jml_h5_file_float32() }
  static var wanted: String { "floats" }
  static func conversion(from type: Datatype) -> Conversion? {
    guard case .float(isStandard: true) = type.kind else { return nil }
    return .floats(from: type)
  }
}

extension Double: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_double() }
  static var fileType: hid_t { jml_h5_file_float64() }
  static var wanted: String { "floats" }
  static func conversion(from type: Datatype) -> Conversion? {
    guard case .float(isStandard: true) = type.kind else { return nil }
    return .doubles(from: type)
  }
}

extension UInt8: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_uint8() }
  static var fileType: hid_t { jml_h5_file_uint8() }
  static var wanted: String { "unsigned bytes or booleans" }
  static func conversion(from type: Datatype) -> Conversion? {
    guard type.size == 1 else { return nil }
    switch type.kind {
    case .integer(isSigned: false, isStandard: true): return .same(1)
    // h5py stores booleans as an enumeration over one signed byte.
    case .enumeration(let isSigned, isStandard: true): return .enumeration(isSigned: isSigned)
    default: return nil
    }
  }
}

extension Int32: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_int32() }
  static var fileType: hid_t { jml_h5_file_int32() }
  static var wanted: String { "integers of at most 32 bits" }
  static func conversion(from type: Datatype) -> Conversion? {
    guard case .integer(let isSigned, isStandard: true) = type.kind,
      type.size < 4 || (type.size == 4 && isSigned)
    else { return nil }
    return .integers(Int32.self, from: type, isSigned: isSigned)
  }
}

extension Int64: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_int64() }
  static var fileType: hid_t { jml_h5_file_int64() }
  static var wanted: String { "integers" }
  static func conversion(from type: Datatype) -> Conversion? {
    guard case .integer(let isSigned, isStandard: true) = type.kind, type.size < 8 || isSigned else {
      return nil
    }
    return .integers(Int64.self, from: type, isSigned: isSigned)
  }
}
