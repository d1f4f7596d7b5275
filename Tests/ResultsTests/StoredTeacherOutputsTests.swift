import Foundation
import Results
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct StoredTeacherOutputsTests {
  private let main = Tensor((0..<2 * 3 * 4 * 5).map { Float($0) / 7 }, shape: [2, 3, 4, 5])
  private let auxiliary = Tensor((0..<2 * 3 * 2 * 3).map { -Float($0) }, shape: [2, 3, 2, 3])

  @Test func givesBackWhatWasStored() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      let outputs = store.teacherOutputs(StoredTeacherOutputs.Key())
      #expect(outputs.read(iteration: 0) == nil)
      try outputs.write(.init(main: main, auxiliary: auxiliary), iteration: 7)
      let stored = try #require(outputs.read(iteration: 7))
      #expect(stored.main.shape == main.shape && stored.main.values == main.values)
      #expect(stored.auxiliary?.shape == auxiliary.shape && stored.auxiliary?.values == auxiliary.values)
      #expect(outputs.read(iteration: 8) == nil)
      try store.removeTeacherOutputs()
      #expect(outputs.read(iteration: 7) == nil)
      try store.removeTeacherOutputs()
    }
  }

  @Test func mapsAreThereOnlyIfTheyWereStored() throws {
    try withTemporaryDirectory { folder in
      let outputs = ResultStore(root: folder).teacherOutputs(StoredTeacherOutputs.Key())
      try outputs.write(.init(main: main, auxiliary: nil), iteration: 0)
      #expect(outputs.read(iteration: 0, maps: ["decoder"]) == nil)
      let map = Tensor((0..<2 * 7 * 2 * 3).map { Float($0) - 3 }, shape: [2, 7, 2, 3])
      try outputs.write(.init(main: main, auxiliary: nil, maps: [("decoder", map)]), iteration: 0)
      let stored = try #require(outputs.read(iteration: 0, maps: ["decoder"]))
      #expect(stored.main.values == main.values && stored.maps.map(\.name) == ["decoder"])
      #expect(stored.maps[0].tensor.shape == map.shape && stored.maps[0].tensor.values == map.values)
      #expect(outputs.read(iteration: 0)?.maps.count == 1)
      #expect(outputs.read(iteration: 0, maps: ["decoder", "stage1"]) == nil)
    }
  }

  /// Whole files of another teacher or another iteration, which somebody has put there.
  @Test func ignoresWhatIsAnothers() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      var key = StoredTeacherOutputs.Key()
      key.add("another teacher")
      let (mine, other) = (store.teacherOutputs(StoredTeacherOutputs.Key()), store.teacherOutputs(key))
      for iteration in [0, 1] {
        try mine.write(.init(main: main, auxiliary: nil), iteration: iteration)
        try other.write(.init(main: main, auxiliary: auxiliary), iteration: iteration)
      }
      func file(_ key: String, _ iteration: Int) -> URL {
        folder.appendingPathComponent("teacher/\(key)/00000\(iteration).h5")
      }
      let (place, source) = (file(StoredTeacherOutputs.Key().text, 0), file(key.text, 0))
      try Data(contentsOf: source).write(to: place)
      #expect(mine.read(iteration: 0) == nil && other.read(iteration: 0) != nil)
      try Data(contentsOf: file(StoredTeacherOutputs.Key().text, 1)).write(to: place)
      #expect(mine.read(iteration: 0) == nil && mine.read(iteration: 1) != nil)
    }
  }

  /// A damaged file is as good as none.
  @Test func ignoresDamage() throws {
    try withTemporaryDirectory { folder in
      let outputs = ResultStore(root: folder).teacherOutputs(StoredTeacherOutputs.Key())
      try outputs.write(.init(main: main, auxiliary: auxiliary), iteration: 0)
      let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
      let url = try #require(files.compactMap { $0 as? URL }.first { $0.pathExtension == "h5" })
      let whole = try Data(contentsOf: url)
      var changed = whole
      let place = try #require(whole.range(of: withUnsafeBytes(of: Float(119) / 7) { Data($0) })).lowerBound
      changed[place] ^= 1
      for spoiled in [changed, whole.prefix(whole.count / 2), Data()] {
        try spoiled.write(to: url)
        #expect(outputs.read(iteration: 0) == nil)
      }
    }
  }

  @Test func keysDifferWithWhatTheyCover() {
    func key(_ text: String, _ name: String, _ value: Float) -> String {
      var key = StoredTeacherOutputs.Key()
      key.add(text)
      key.add([NamedTensor(name: name, tensor: Tensor([value, 1], shape: [2]))])
      return key.text
    }
    #expect(Set([key("a", "w", 0), key("b", "w", 0), key("a", "v", 0), key("a", "w", 2)]).count == 4)
    #expect(key("a", "w", 0) == key("a", "w", 0))
  }
}
