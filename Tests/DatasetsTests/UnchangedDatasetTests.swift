import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct UnchangedDatasetTests {
  @Test func changedFilesAreNotRead() throws {
    let folder = try TemporaryFolder()
    for id in ["a", "b"] {
      try folder.write(noiseImage(height: 5, width: 8), "in/\(id).png")
      try folder.write(LabelMap(height: 5, width: 8, repeating: 1), "gt/\(id).png")
    }
    let plain = try FolderDataset(
      name: "own", root: folder.path, images: "in", labels: "gt", classNames: ["x", "y"],
      mapping: .values(classCount: 2, offset: 0, ignored: [255]))
    let dataset = UnchangedDataset(plain)
    #expect(dataset.samples == plain.samples && dataset.classColors == plain.classColors)
    #expect(try dataset.load(1) == plain.load(1))
    #expect(try dataset.load(0) { _, _ in 2..<4 } == plain.load(0) { _, _ in 2..<4 })

    let label = "\(folder.path)/gt/b.png"
    let was = try #require(FileManager.default.attributesOfItem(atPath: label)[.modificationDate] as? Date)
    try folder.write(LabelMap(height: 5, width: 8, repeating: 0), "gt/b.png")
    #expect(throws: DatasetError.changed(path: label)) { try dataset.load(1) }
    #expect(throws: DatasetError.changed(path: label)) { try dataset.load(1) { _, _ in 0..<2 } }
    #expect(try dataset.load(0) == plain.load(0))
    // One that goes, one that comes.
    try FileManager.default.removeItem(atPath: label)
    #expect(throws: DatasetError.changed(path: label)) { try dataset.load(1) }
    try folder.write(LabelMap(height: 5, width: 8, repeating: 1), "gt/b.png")
    try FileManager.default.setAttributes([.modificationDate: was], ofItemAtPath: label)
    #expect(try UnchangedDataset(plain).load(1) == plain.load(1))
  }

  /// A file that is written to while it is read.
  @Test func changesWhileReading() throws {
    let folder = try TemporaryFolder()
    try folder.write(noiseImage(height: 6, width: 4), "in/a.png")
    try folder.write(LabelMap(height: 6, width: 4, repeating: 1), "gt/a.png")
    let plain = try FolderDataset(
      name: "own", root: folder.path, images: "in", labels: "gt", classNames: ["x", "y"],
      mapping: .values(classCount: 2, offset: 0, ignored: [255]))
    #expect(throws: DatasetError.changed(path: "\(folder.path)/in/a.png")) {
      try UnchangedDataset(plain).load(0) { _, _ in
        utimes("\(folder.path)/in/a.png", [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)])
        return 0..<6
      }
    }
  }
}
