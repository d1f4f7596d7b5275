import Foundation
import HDF5
import Results
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct TensorFileTests {
  @Test func everythingComesBack() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("tensors.h5")
      let wrote = try Samples.tensors("run-1")
      try AtomicFile.write(wrote.image(), to: url)
      let read = try RunTensors(reading: url)
      #expect(read.runID == "run-1" && read.spec == Samples.spec)
      #expect(read.evaluation == wrote.evaluation)
      #expect(read.curves == wrote.curves)
      #expect(read.weights.map(\.name) == ["backbone.conv1.0.weight", "head.1.weight"])
      #expect(read.weights[0].tensor.shape == [4, 3, 3, 3])
      #expect(read.weights[0].tensor.values == wrote.weights[1].tensor.values)
      #expect(read.buffers.map(\.name) == ["backbone.bn1.running_mean"])
      #expect(try RunTensors.evaluation(reading: url) == wrote.evaluation)
      #expect(try RunTensors.model(reading: url).weights.count == 2)
    }
  }

  @Test func theLayoutIsTheDocumentedOne() throws {
    let file = try HDF5File(image: Samples.tensors("run-1").image(), name: "tensors")
    #expect(try file.children() == ["buffers", "calibration", "curves", "eval", "weights"])
    #expect(try file.children(of: "eval") == ["fn", "fp", "ids", "tp"])
    #expect(try file.shape("eval/tp") == [3, 5])
    #expect(try file.strings("eval/ids") == ["city/frame_0", "city/frame_1", "city/frame_2"])
    for name in ["ece", "bece"] {
      #expect(try file.children(of: "calibration/\(name)") == ["confidence", "correct", "count"])
      #expect(try file.shape("calibration/\(name)/confidence") == [3, 10])
    }
    #expect(try file.children(of: "curves") == ["iteration", "learning_rate", "loss"])
    #expect(try file.attributeNames() == ["run_id", "schema_version", "spec"])
  }

  @Test func equalContentsGiveEqualBytes() throws {
    let first = try Samples.tensors("run-1").image()
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try Samples.tensors("run-1").image() == first)
  }

  @Test func contradictionsAreRefused() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("tensors.h5")
      let writer = try HDF5Writer(name: "odd")
      try writer.write(attribute: 1, named: "schema_version")
      try writer.write(int64s: [1, 2, 3, 4], shape: [2, 2], at: "eval/tp")
      try writer.write(int64s: [1, 2, 3, 4], shape: [2, 2], at: "eval/fp")
      try writer.write(int64s: [1, 2, 3, 4], shape: [4, 1], at: "eval/fn")
      try writer.write(strings: ["a", "b"], at: "eval/ids")
      try AtomicFile.write(writer.image(), to: url)
      #expect(
        throws: ResultsError.damaged(path: url.path, reason: "the counts in /eval differ in shape")
      ) { try RunTensors.evaluation(reading: url) }
      let other = try HDF5Writer(name: "newer")
      try other.write(attribute: 9, named: "schema_version")
      try AtomicFile.write(other.image(), to: url)
      #expect(throws: ResultsError.unsupportedSchema(path: url.path, found: 9, supported: 1)) {
        try RunTensors(reading: url)
      }
    }
  }
}
