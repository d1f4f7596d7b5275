@preconcurrency import CHDF5
import Foundation
import HDF5
import TestSupport
import Testing

/// What libhdf5 writes, in any of its ways, is read as it reads it.
@Suite(.serialized) struct DifferentialTests {
  /// A stream of numbers that is the same each time.
  private struct Numbers {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func below(_ limit: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state >> 33) % limit
    }
  }

  /// A file of one dataset `d`, made by random choices, and the values that libhdf5 reads from it.
  private struct Made {
    let image: Data
    let shape: [Int]
    let values: [UInt8]
    /// The same as Float; nothing where that is not what IEEE says.
    let floats: [Float]
    let choices: String
  }

  private enum Kind: CaseIterable {
    case floats, doubles, bytes, int32s, int64s

    var memory: hid_t {
      switch self {
      case .floats: jml_h5_native_float()
      case .doubles: jml_h5_native_double()
      case .bytes: jml_h5_native_uint8()
      case .int32s: jml_h5_native_int32()
      case .int64s: jml_h5_native_int64()
      }
    }

    var size: Int {
      switch self {
      case .bytes: 1
      case .floats, .int32s: 4
      case .doubles, .int64s: 8
      }
    }

    /// Types in the file that are read as this one.
    var stored: [hid_t] {
      let floats = [H5T_IEEE_F32LE_g, H5T_IEEE_F32BE_g, H5T_IEEE_F64LE_g, H5T_IEEE_F64BE_g]
      let small = [
        H5T_STD_I8LE_g, H5T_STD_U8LE_g, H5T_STD_I16BE_g, H5T_STD_U16LE_g, H5T_STD_I32LE_g, H5T_STD_I32BE_g,
      ]
      switch self {
      case .floats, .doubles: return floats
      case .bytes: return [H5T_STD_U8LE_g]
      case .int32s: return small
      case .int64s: return small + [H5T_STD_U32BE_g, H5T_STD_I64LE_g, H5T_STD_I64BE_g]
      }
    }
  }

  /// - Parameter path: where the file is put for a moment. The library's own image of an open file of version 1.10 has a checksum
  ///   that is none.
  private func make(_ numbers: inout Numbers, _ kind: Kind, at path: String) throws -> Made {
    let file = [H5F_LIBVER_EARLIEST, H5F_LIBVER_V18, H5F_LIBVER_V110, H5F_LIBVER_V110][numbers.below(4)]
    let access = H5Pcreate(jml_h5_class_file_access())
    H5Pset_fapl_core(access, 1 << 16, true)
    H5Pset_libver_bounds(access, file, H5F_LIBVER_V110)
    let id = H5Fcreate(path, jml_h5_truncate(), jml_h5_default(), access)
    defer { H5Pclose(access) }
    try #require(id >= 0)
    let rank = 1 + numbers.below(4)
    let shape = (0..<rank).map { _ in 1 + numbers.below(rank == 1 ? 200 : 9) }
    let type = kind.stored[numbers.below(kind.stored.count)]
    let creation = H5Pcreate(jml_h5_class_dataset_create())
    var limits = shape.map { hsize_t($0) }
    let layout = numbers.below(5)
    var choices = "\(kind) \(shape) version \(file.rawValue) layout \(layout)"
    if layout == 0 {
      H5Pset_layout(creation, H5D_COMPACT)
    } else if layout > 1 {
      let chunk = shape.map { 1 + numbers.below($0 + (layout == 2 ? 3 : 0)) }
      let growing = numbers.below(4)
      for axis in 0..<rank where growing > 1 && (axis == rank - 1 || growing == 3) {
        limits[axis] = hsize_t.max
      }
      if growing == 1 { limits[0] += 5 }
      let larger = zip(shape, chunk).contains { $0 < $1 }
      for axis in 0..<rank where larger && limits[axis] < hsize_t(chunk[axis]) {
        limits[axis] = hsize_t(chunk[axis])
      }
      H5Pset_chunk(creation, Int32(rank), chunk.map { hsize_t($0) })
      let filters = numbers.below(16)
      if filters & 1 != 0 { H5Pset_shuffle(creation) }
      if filters & 2 != 0 { H5Pset_fletcher32(creation) }
      if filters & 4 != 0 { H5Pset_deflate(creation, 4) }
      if filters & 8 != 0 { H5Pset_chunk_opts(creation, 2) }
      choices += " chunk \(chunk) limits \(limits) filters \(filters)"
    }
    let (early, fill, never) = (numbers.below(3), numbers.below(3), numbers.below(5))
    if early == 0 { H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) }
    if fill == 0 {
      var value = [UInt8](repeating: 0, count: kind.size)
      value[0] = 3
      value[kind.size - 1] = kind == .bytes ? 9 : 0x41
      H5Pset_fill_value(creation, kind.memory, value)
    }
    // What is allocated and never filled is whatever was there.
    if never == 0, early != 0, layout > 1 { H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) }
    let space = H5Screate_simple(Int32(rank), shape.map { hsize_t($0) }, limits)
    let dataset = H5Dcreate2(id, "d", type, space, jml_h5_default(), creation, jml_h5_default())
    choices += " early \(early) fill \(fill) never \(never)"
    try #require(dataset >= 0, "\(choices)")
    let count = shape.reduce(1, *)
    let written = numbers.below(4)
    if written > 0 {
      let values = (0..<count * kind.size).map { _ in UInt8(numbers.below(256)) }
      if written == 1 {
        // A part alone.
        let start = shape.map { numbers.below($0) }
        let part = zip(shape, start).map { 1 + numbers.below($0 - $1) }
        H5Sselect_hyperslab(
          space, H5S_SELECT_SET, start.map { hsize_t($0) }, nil, part.map { hsize_t($0) }, nil)
      }
      try #require(H5Dwrite(dataset, kind.memory, space, space, jml_h5_default(), values) >= 0, "\(choices)")
      choices += " written \(written)"
    }
    var read = [UInt8](repeating: 0, count: count * kind.size)
    try #require(
      H5Dread(dataset, kind.memory, jml_h5_all(), jml_h5_all(), jml_h5_default(), &read) >= 0, "\(choices)")
    // Where bytes are in the other order, 1.10.8 rounds halves up and small numbers down.
    let isNarrowed = kind == .doubles && type == H5T_IEEE_F64LE_g
    var floats = [Float](repeating: 0, count: isNarrowed ? count : 0)
    if isNarrowed {
      try #require(
        H5Dread(dataset, jml_h5_native_float(), jml_h5_all(), jml_h5_all(), jml_h5_default(), &floats) >= 0)
    }
    for close in [H5Dclose(dataset), H5Sclose(space), H5Pclose(creation), H5Fclose(id)] {
      try #require(close >= 0)
    }
    let image = try Data(contentsOf: URL(fileURLWithPath: path))
    return Made(image: image, shape: shape, values: read, floats: floats, choices: choices)
  }

  private func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  /// Bits of NaN are not compared where their width has changed: which of them are kept is nobody's promise.
  private func floats<Value: BinaryFloatingPoint>(_ values: [Value]) -> [Value] {
    values.map { $0.isNaN ? 0 : $0 }
  }

  @Test(arguments: 0..<20) func randomDatasets(_ seed: Int) throws {
    _ = hdf5LibraryVersion()
    try withTemporaryDirectory { try randomDatasets(seed, at: $0.appendingPathComponent("made.h5").path) }
  }

  private func randomDatasets(_ seed: Int, at path: String) throws {
    var numbers = Numbers(seed + 1)
    for _ in 0..<10 {
      for kind in Kind.allCases {
        let made = try make(&numbers, kind, at: path)
        let file = try HDF5File(image: made.image, name: "made")
        #expect(try file.shape("d") == made.shape, "\(made.choices)")
        let count = made.shape.reduce(1, *)
        switch kind {
        case .floats:
          let wanted = made.values.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
          let read = try file.floats("d")
          #expect(floats(read) == floats(wanted), "\(made.choices)")
          for index in 0..<made.shape[0] {
            let slice = try file.floats("d", slice: index)
            let row = count / made.shape[0]
            #expect(floats(slice) == floats(Array(read[index * row..<(index + 1) * row])), "\(made.choices)")
          }
        case .doubles:
          let wanted = made.values.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
          #expect(floats(try file.doubles("d")) == floats(wanted), "\(made.choices)")
          let narrowed = try file.floats("d")
          if !made.floats.isEmpty { #expect(floats(narrowed) == floats(made.floats), "\(made.choices)") }
        case .bytes:
          let read = try file.bytes("d")
          #expect(read == made.values, "\(made.choices)")
          let slices = try (0..<made.shape[0]).flatMap { try file.bytes("d", slice: $0) }
          #expect(slices == read, "\(made.choices)")
        case .int32s: #expect(bytes(try file.int32s("d")) == made.values, "\(made.choices)")
        case .int64s: #expect(bytes(try file.int64s("d")) == made.values, "\(made.choices)")
        }
      }
    }
  }

  /// Files of another library (Tests/Oracles/record_hdf5.py), in the versions that this one reads.
  @Test(arguments: ["earliest", "v108", "v110", "sizes4", "sizes2", "userblock"])
  func fixtures(_ version: String) throws {
    _ = hdf5LibraryVersion()
    let url = try Fixture.url("formats-\(version).h5", in: Bundle.module)
    let file = try HDF5File(reading: url.path)
    let id = H5Fopen(url.path, 0, jml_h5_default())
    try #require(id >= 0)
    defer { H5Fclose(id) }
    var compared = 0
    func visit(_ group: String) throws {
      for name in try file.children(of: group) {
        let path = group.isEmpty ? name : "\(group)/\(name)"
        guard let shape = try? file.shape(path) else {
          if (try? file.children(of: path)) != nil { try visit(path) }
          continue
        }
        // Of no axes there is one, of no values none.
        let count = shape.reduce(1, *)
        func library(_ type: hid_t, _ size: Int) throws -> [UInt8] {
          let dataset = H5Dopen2(id, path, jml_h5_default())
          defer { H5Dclose(dataset) }
          var bytes = [UInt8](repeating: 0, count: count * size)
          let status = H5Dread(dataset, type, jml_h5_all(), jml_h5_all(), jml_h5_default(), &bytes)
          try #require(status >= 0, "\(path)")
          return bytes
        }
        if let values = try? file.doubles(path) {
          #expect(bytes(values) == (try library(jml_h5_native_double(), 8)), "\(path)")
          #expect(bytes(try file.floats(path)) == (try library(jml_h5_native_float(), 4)), "\(path)")
        } else if let values = try? file.int64s(path) {
          #expect(bytes(values) == (try library(jml_h5_native_int64(), 8)), "\(path)")
        } else if let values = try? file.bytes(path) {
          #expect(values == (try library(jml_h5_native_uint8(), 1)), "\(path)")
        } else {
          continue
        }
        compared += 1
      }
    }
    try visit("")
    #expect(compared >= (version.hasPrefix("sizes") || version == "userblock" ? 2 : 30))
  }

  /// Whatever the package writes has the same bits when it is read, of any number of axes, with chunks that the shape cuts.
  @Test(arguments: [false, true]) func written(_ compress: Bool) throws {
    var numbers = Numbers(compress ? 3 : 4)
    for shape in [
      [], [0], [1], [300_001], [3, 0, 2], [5, 7], [1, 2, 150_001], [3, 50, 20, 70],
    ] {
      let writer = try HDF5Writer(name: "written")
      let count = shape.reduce(1, *)
      let bits = (0..<count).map { _ in UInt64(numbers.below(1 << 30)) << 34 | UInt64(numbers.below(1 << 30))
      }
      let doubles = bits.map { Double(bitPattern: $0) }
      let floats = bits.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0 >> 32)) }
      let int64s = bits.map { Int64(bitPattern: $0) }
      let int32s = bits.map { Int32(truncatingIfNeeded: $0 >> 32) }
      let small = bits.map { UInt8(truncatingIfNeeded: $0 >> 40) }
      try writer.write(doubles: doubles, shape: shape, at: "doubles", compress: compress)
      try writer.write(floats: floats, shape: shape, at: "floats", compress: compress)
      try writer.write(int64s: int64s, shape: shape, at: "int64s", compress: compress)
      try writer.write(int32s: int32s, shape: shape, at: "int32s", compress: compress)
      try writer.write(bytes: small, shape: shape, at: "bytes", compress: compress)
      let file = try HDF5File(image: try writer.image(), name: "written")
      for name in try file.children() { #expect(try file.shape(name) == shape) }
      #expect(bytes(try file.doubles("doubles")) == bytes(doubles), "\(shape)")
      #expect(bytes(try file.floats("floats")) == bytes(floats), "\(shape)")
      #expect(try file.int64s("int64s") == int64s && file.int32s("int32s") == int32s, "\(shape)")
      #expect(
        try file.int64s("int32s") == int32s.map { Int64($0) } && file.bytes("bytes") == small, "\(shape)")
      guard let outermost = shape.first, outermost > 0 else { continue }
      let row = count / outermost
      for index in [0, outermost / 2, outermost - 1] {
        let slice = Array(floats[index * row..<(index + 1) * row])
        #expect(bytes(try file.floats("floats", slice: index)) == bytes(slice), "\(shape)")
      }
    }
  }

  /// An attribute that has no room among others is an object of its own in their heap.
  @Test func largeAttributes() throws {
    _ = hdf5LibraryVersion()
    try withTemporaryDirectory { folder in
      let path = folder.appendingPathComponent("attributes.h5").path
      let access = H5Pcreate(jml_h5_class_file_access())
      H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110)
      let id = H5Fcreate(path, jml_h5_truncate(), jml_h5_default(), access)
      let values = (0..<9000).map { Double($0) }
      for index in 0..<30 {
        let count = index % 10 == 0 ? 9000 : index
        let space = H5Screate_simple(1, [hsize_t(count)], nil)
        let attribute = H5Acreate2(
          id, "attribute \(index)", jml_h5_file_float64(), space, jml_h5_default(), jml_h5_default())
        try #require(H5Awrite(attribute, jml_h5_native_double(), values) >= 0)
        H5Aclose(attribute)
        H5Sclose(space)
      }
      H5Pclose(access)
      try #require(H5Fclose(id) >= 0)
      let file = try HDF5File(reading: path)
      #expect(try file.attributeNames().count == 30)
      for index in 0..<30 {
        let count = index % 10 == 0 ? 9000 : index
        #expect(try file.attribute(doubles: "attribute \(index)") == Array(values.prefix(count)))
      }
    }
  }

  /// Files may keep messages that many objects have in a table of their own, which no common writer does.
  @Test func sharedMessagesAreRefused() throws {
    _ = hdf5LibraryVersion()
    try withTemporaryDirectory { folder in
      let path = folder.appendingPathComponent("shared.h5").path
      let creation = H5Pcreate(H5P_CLS_FILE_CREATE_ID_g)
      H5Pset_shared_mesg_nindexes(creation, 1)
      H5Pset_shared_mesg_index(creation, 0, 1 << 1 | 1 << 3 | 1 << 5, 1)
      let id = H5Fcreate(path, jml_h5_truncate(), creation, jml_h5_default())
      for name in ["a", "b", "c"] {
        let space = H5Screate_simple(1, [3], nil)
        H5Dclose(
          H5Dcreate2(
            id, name, jml_h5_file_float32(), space, jml_h5_default(), jml_h5_default(), jml_h5_default()))
        H5Sclose(space)
      }
      H5Pclose(creation)
      try #require(H5Fclose(id) >= 0)
      let file = try HDF5File(reading: path)
      #expect(try file.children() == ["a", "b", "c"])
      let refused = HDF5Error.failed(
        path: path, object: "c", operation: "opening",
        reason: "it lies in the table of shared messages, which is not read")
      #expect(throws: refused) { try file.floats("c") }
    }
  }
}
