import Foundation
import HDF5
import TestSupport
import Testing

/// Files of h5py in every version of the format (Tests/Oracles/record_hdf5.py).
@Suite struct FormatTests {
  static let versions = ["earliest", "v108", "v110", "latest"]

  private func file(_ name: String) throws -> HDF5File {
    try Fixture.hdf5("formats-\(name).h5", in: Bundle.module)
  }

  /// The recorder's rule.
  private func value(_ index: Int, isSigned: Bool) -> Int { (index * 37 + 11) % 101 - (isSigned ? 50 : 0) }

  private func values(_ name: String, _ count: Int) -> [Double] {
    let kind = name.split(separator: "/").last?.first
    return (0..<count).map { index in
      let value = Double(self.value(index, isSigned: kind != "u"))
      return kind == "f" ? value / 4 : value
    }
  }

  /// Every dataset of the group and those below it.
  private func datasets(_ file: HDF5File, below group: String) throws -> [String] {
    try file.children(of: group).flatMap { name -> [String] in
      let path = "\(group)/\(name)"
      if name == "named" { return [] }
      return (try? file.shape(path)) == nil ? try datasets(file, below: path) : [path]
    }
  }

  @Test(arguments: versions + ["sizes4", "sizes2", "userblock"])
  func whatFollowsTheRule(_ version: String) throws {
    let file = try file(version)
    let names = try datasets(file, below: "rule")
    #expect(names.count >= (FormatTests.versions.contains(version) ? 20 : 2))
    for name in names {
      let shape = try file.shape(name)
      let wanted = values(name, shape.reduce(1, *))
      let kind = try #require(name.split(separator: "/").last?.prefix(2))
      if kind.first == "f" {
        #expect(try file.doubles(name) == wanted, "\(name)")
        #expect(try file.floats(name) == wanted.map { Float($0) }, "\(name)")
      } else if kind == "u8" {
        #expect(throws: HDF5Error.self) { try file.int64s(name) }
      } else {
        #expect(try file.int64s(name).map { Double($0) } == wanted, "\(name)")
        if !["u4", "i8"].contains(kind) {
          #expect(try file.int32s(name).map { Double($0) } == wanted, "\(name)")
        }
        if kind == "u1" { #expect(try file.bytes(name).map { Double($0) } == wanted, "\(name)") }
      }
      guard let outermost = shape.first, outermost > 0, kind.first == "f" || kind == "u1" else { continue }
      let count = wanted.count / outermost
      for index in 0..<outermost {
        let slice =
          kind == "u1"
          ? try file.bytes(name, slice: index).map { Double($0) }
          : try file.floats(name, slice: index).map { Double($0) }
        #expect(slice == Array(wanted[index * count..<(index + 1) * count]), "\(name) \(index)")
      }
    }
  }

  @Test(arguments: ["sizes4", "sizes2", "userblock"])
  func otherSizesAndPlaces(_ version: String) throws {
    let file = try file(version)
    #expect(try file.strings("texts") == ["a", "bc"])
    #expect(try file.attribute(string: "unit") == "m")
  }

  @Test(arguments: versions) func fills(_ version: String) throws {
    let file = try file(version)
    let names = try file.children(of: "fill")
    #expect(names.count == 10)
    for name in names {
      var wanted = [Int64](repeating: Int64(name.split(separator: "_").last ?? "") ?? -1, count: 20)
      if name.contains("written") { wanted[6] = 5 }
      #expect(try file.int64s("fill/\(name)") == wanted, "\(name)")
    }
  }

  @Test(arguments: versions) func texts(_ version: String) throws {
    let file = try file(version)
    let texts = ["a", "", "text \u{E9} \u{2602}", String(repeating: "x", count: 300)]
    #expect(try file.strings("texts/variable") == texts && file.strings("texts/deflated") == texts)
    #expect(try file.strings("texts/ascii") == ["a", "bc"])
    #expect(
      try file.strings("texts/square") == ["a", "b", "c", "d"] && file.shape("texts/square") == [2, 2])
    #expect(try file.strings("texts/unwritten") == ["", "", ""])
    #expect(try file.strings("texts/zeros") == ["ab", "", "abcd"])
    #expect(try file.strings("texts/terminated") == ["ab", "abcd"])
    #expect(try file.strings("texts/spaces") == ["ab", "abcd"])
    #expect(try file.bytes("texts/flags") == [1, 0, 0, 1])
  }

  @Test(arguments: versions) func groups(_ version: String) throws {
    let file = try file(version)
    for (group, count) in [("few", 3), ("many", 20), ("ordered", 20)] {
      let names = (0..<count).map { "link \($0)" }
      #expect(try file.children(of: "groups/\(group)") == names.sorted())
      for (index, name) in names.enumerated() {
        let path = "/groups/\(group)/\(name)"
        if index % 2 == 0 {
          #expect(try file.floats(path) == values("f", 6).map { Float($0) })
        } else {
          #expect(try file.int64s(path) == values("i", 6).map { Int64($0) })
        }
      }
      #expect(!file.exists("groups/\(group)/link") && !file.exists("groups/\(group)/link 99"))
    }
    // A name like any other to the library, which h5py does not know.
    #expect(!file.exists("groups/deep/deeper/deepest/up"))
    #expect(try file.shape("groups/deep/deeper/deepest/near") == [2, 3])
  }

  @Test(arguments: versions) func attributes(_ version: String) throws {
    let file = try file(version)
    for (group, count) in [("few", 3), ("many", 20)] {
      let object = "attributes/\(group)"
      let others = ["floats", "one", "big", "text", "fixed", "texts", "empty", "named"]
      let names = (0..<count).map { "number \($0)" } + others
      #expect(try file.attributeNames(at: object) == names.sorted())
      for index in 0..<count { #expect(try file.attribute(int: "number \(index)", at: object) == index) }
      #expect(try file.attribute(doubles: "floats", at: object) == values("f", 6))
      #expect(try file.attribute(double: "one", at: object) == 0.5)
      #expect(try file.attribute(ints: "big", at: object) == [-2, 3])
      #expect(try file.attribute(string: "text", at: object) == "text \u{E9}")
      #expect(try file.attribute(string: "fixed", at: object) == "fixed")
      #expect(try file.attribute(strings: "texts", at: object) == ["a", "", "bc"])
      #expect(try file.attribute(doubles: "empty", at: object) == [])
      #expect(try file.attribute(ints: "named", at: object) == [1, 2])
      #expect(try file.hasAttribute("one", at: object) && !file.hasAttribute("two", at: object))
      #expect(throws: HDF5Error.self) { try file.attribute(int: "floats", at: object) }
      #expect(throws: HDF5Error.self) { try file.attribute(string: "texts", at: object) }
    }
    #expect(try file.attribute(string: "unit", at: "rule/types/f4le") == "m")
  }

  @Test(arguments: ["earliest", "latest"]) func refused(_ version: String) throws {
    let file = try file(version)
    func reason(_ name: String, _ read: () throws -> Void) throws -> String {
      do {
        try read()
        return "nothing"
      } catch let error as HDF5Error {
        return error.description
      }
    }
    for (name, words) in [
      ("lzf", "its filter lzf is not read"), ("compound", "holds compound values, wanted floats"),
      ("longdouble", "holds 128-bit floats that are not IEEE's, wanted floats"),
      ("bias", "holds 32-bit floats that are not IEEE's, wanted floats"),
    ] {
      #expect(try reason(name) { _ = try file.floats("refused/\(name)") }.hasSuffix(words), "\(name)")
    }
    for (name, words) in [
      ("scaleoffset", "its filter scaleoffset is not read"),
      ("bits", "holds 32-bit integers of fewer bits than they take, wanted integers"),
    ] {
      #expect(try reason(name) { _ = try file.int64s("refused/\(name)") }.hasSuffix(words), "\(name)")
    }
    #expect(throws: HDF5Error.self) { try file.floats("rule/types/named") }
  }
}
