import CHDF5

/// A number type that datasets hold: its type in memory and, little-endian, in files.
protocol HDF5Element {
  static var zero: Self { get }
  static var memoryType: hid_t { get }
  static var fileType: hid_t { get }
  /// What a dataset must hold to be read as this type without losing anything but float precision.
  static var wanted: String { get }
  static func accepts(_ kind: H5T_class_t, bytes: Int, unsigned: Bool) -> Bool
}

extension Float: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_float() }
  static var fileType: hid_t { jml_h5_file_float32() }
  static var wanted: String { "floats" }
  static func accepts(_ kind: H5T_class_t, bytes: Int, unsigned: Bool) -> Bool { kind == H5T_FLOAT }
}

extension Double: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_double() }
  static var fileType: hid_t { jml_h5_file_float64() }
  static var wanted: String { "floats" }
  static func accepts(_ kind: H5T_class_t, bytes: Int, unsigned: Bool) -> Bool { kind == H5T_FLOAT }
}

extension UInt8: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_uint8() }
  static var fileType: hid_t { jml_h5_file_uint8() }
  static var wanted: String { "unsigned bytes or booleans" }
  static func accepts(_ kind: H5T_class_t, bytes: Int, unsigned: Bool) -> Bool {
    // h5py stores booleans as an enumeration over one signed byte.
    bytes == 1 && ((kind == H5T_INTEGER && unsigned) || kind == H5T_ENUM)
  }
}

extension Int32: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_int32() }
  static var fileType: hid_t { jml_h5_file_int32() }
  static var wanted: String { "integers of at most 32 bits" }
  static func accepts(_ kind: H5T_class_t, bytes: Int, unsigned: Bool) -> Bool {
    kind == H5T_INTEGER && (bytes < 4 || (bytes == 4 && !unsigned))
  }
}

extension Int64: HDF5Element {
  static var memoryType: hid_t { jml_h5_native_int64() }
  static var fileType: hid_t { jml_h5_file_int64() }
  static var wanted: String { "integers" }
  static func accepts(_ kind: H5T_class_t, bytes: Int, unsigned: Bool) -> Bool {
    kind == H5T_INTEGER && (bytes < 8 || !unsigned)
  }
}

/// A stored type in words, for messages.
func describe(type: hid_t) -> String {
  let bits = H5Tget_size(type) * 8
  switch H5Tget_class(type) {
  case H5T_INTEGER:
    return H5Tget_sign(type) == H5T_SGN_NONE ? "\(bits)-bit unsigned integers" : "\(bits)-bit integers"
  case H5T_FLOAT: return "\(bits)-bit floats"
  case H5T_STRING: return "strings"
  case H5T_ENUM: return "an enumeration over \(bits) bits"
  case H5T_COMPOUND: return "compound values"
  default: return "values of another class"
  }
}
