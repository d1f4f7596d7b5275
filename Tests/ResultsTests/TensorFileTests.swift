import Foundation
import HDF5
import Metrics
import Results
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct TensorFileTests {
  @Test func everythingComesBack() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("tensors.h5")
      let wrote = try Samples.tensors("run-1", more: true)
      try AtomicFile.write(wrote.image(), to: url)
      let read = try RunTensors(reading: url)
      #expect(read.runID == "run-1" && read.spec == Samples.spec)
      #expect(read.evaluations == wrote.evaluations && read.last == wrote.last)
      #expect(read.evaluations.map(\.point) == ["best", "last"])
      #expect(read.evaluations.map(\.iteration) == [30, 40])
      #expect(read["best"]?.evaluation == wrote["best"]?.evaluation && read["first"] == nil)
      #expect(read["best"] != read["last"])
      #expect(read.checksums == wrote.checksums)
      #expect(read.curves == wrote.curves)
      #expect(read.weights.map(\.name) == ["backbone.conv1.0.weight", "head.1.weight"])
      #expect(read.weights[0].tensor.shape == [4, 3, 3, 3])
      #expect(read.weights[0].tensor.values == wrote.weights[0].tensor.values)
      #expect(read.buffers.map(\.name) == ["backbone.bn1.running_mean"])
      #expect(read.networks.map(\.name) == ["mean_teacher"])
      #expect(read.networks[0].model.weights[0].tensor.values == [9, 10, 11, 12, 13, 14])
      #expect(read.networks[0].model.buffers.isEmpty)
    }
  }

  @Test func theLayoutIsTheDocumentedOne() throws {
    let file = try HDF5File(image: Samples.tensors("run-1").image(), name: "tensors")
    #expect(try file.children() == ["buffers", "calibration", "curves", "eval", "weights"])
    #expect(try file.children(of: "eval") == ["fn", "fp", "ids", "last", "tp"])
    #expect(
      try file.children(of: "eval/last") == [
        "calibration", "class_names", "classwise", "fn", "fp", "ids", "tp",
      ])
    #expect(try file.attribute(int: "iteration", at: "eval/last") == 40)
    #expect(try file.strings("eval/last/class_names")[4] == "class 4")
    for name in ["count", "probability", "labelled", "agreeing"] {
      #expect(try file.shape("eval/last/classwise/\(name)") == [3, 2, 5, 10])
    }
    #expect(try file.bytes("eval/last/classwise/has_ignored") == [1, 1, 1])
    #expect(try file.shape("eval/tp") == [3, 5])
    #expect(try file.strings("eval/ids") == ["city/frame_0", "city/frame_1", "city/frame_2"])
    for name in ["ece", "bece"] {
      #expect(try file.children(of: "calibration/\(name)") == ["confidence", "correct", "count"])
      #expect(try file.shape("calibration/\(name)/confidence") == [3, 10])
    }
    #expect(try file.children(of: "curves") == ["iteration", "learning_rate", "loss"])
    #expect(try file.attributeNames() == ["run_id", "schema_version", "spec"])
  }

  /// Readers of the documented objects see the last evaluation, whatever else was evaluated.
  @Test func topLevelObjectsAreTheLastEvaluation() throws {
    let tensors = try Samples.tensors("run-1", more: true)
    let file = try HDF5File(image: tensors.image(), name: "tensors")
    let last = tensors.last.evaluation.evaluation
    #expect(try file.int64s("eval/tp") == last.confusion.truePositives)
    #expect(try file.int64s("eval/fp") == last.confusion.falsePositives)
    #expect(try file.int64s("eval/fn") == last.confusion.falseNegatives)
    #expect(try file.strings("eval/ids") == tensors.last.evaluation.imageIDs)
    #expect(try file.doubles("calibration/ece/confidence") == last.calibration.confidence)
    #expect(try file.int64s("calibration/bece/count") == last.boundaryCalibration.count)
    #expect(try file.int64s("eval/best/tp") != last.confusion.truePositives)
    // A link, not a copy: a second name adds less than the smallest of the datasets.
    let alone = try Samples.tensors("run-1").image().count
    #expect(try tensors.image().count < 2 * alone)
  }

  @Test func checksumsCoverEverything() throws {
    let plain = try Samples.tensors("run-1").checksums
    let more = try Samples.tensors("run-1", more: true).checksums
    #expect(plain.evaluation != more.evaluation && plain.model != more.model)
    #expect(try Samples.tensors("run-1").checksums == plain)
    #expect(plain.evaluation.count == 16 && plain.model.count == 16)
    func changed(_ change: (StoredEvaluation) -> EvaluationPoint) throws -> String {
      RunTensors(
        runID: "run-1", spec: Samples.spec, model: Samples.model,
        evaluations: [change(try Samples.evaluation())], curves: Curves()
      ).checksums.evaluation
    }
    func point(_ stored: StoredEvaluation, _ iteration: Int = 40) -> EvaluationPoint {
      EvaluationPoint(point: "last", iteration: iteration, evaluation: stored)
    }
    #expect(try changed { point($0) } == plain.evaluation)
    let others = try [
      changed { point($0, 41) },
      changed {
        point(
          StoredEvaluation(
            imageIDs: $0.imageIDs.reversed(), classNames: $0.classNames, evaluation: $0.evaluation))
      },
      changed {
        point(
          StoredEvaluation(
            imageIDs: $0.imageIDs, classNames: $0.classNames.reversed(), evaluation: $0.evaluation))
      },
      changed {
        // The label's ignored pixels alone.
        let old = $0.evaluation.classwise
        let classwise = ClasswiseCalibration(
          classes: old.classes, fields: ClasswiseCalibration.Field.allCases.map { old.values(of: $0) },
          hasIgnored: old.hasIgnored.map { !$0 })
        return point(
          StoredEvaluation(
            imageIDs: $0.imageIDs, classNames: $0.classNames,
            evaluation: Evaluation(
              confusion: $0.evaluation.confusion, calibration: $0.evaluation.calibration,
              boundaryCalibration: $0.evaluation.boundaryCalibration, classwise: classwise)))
      },
    ]
    #expect(Set(others + [plain.evaluation]).count == 5)
  }

  @Test func equalContentsGiveEqualBytes() throws {
    let first = try Samples.tensors("run-1").image()
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try Samples.tensors("run-1").image() == first)
  }

  /// A file of an older version says what to do.
  @Test func otherVersionsAreRefused() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("tensors.h5")
      for version in [1, 9] {
        let other = try HDF5Writer(name: "other")
        try other.write(attribute: version, named: "schema_version")
        try AtomicFile.write(other.image(), to: url)
        let wanted = ResultsError.unsupportedSchema(path: url.path, found: version, supported: 2)
        #expect(throws: wanted) { try RunTensors(reading: url) }
        #expect(wanted.description.contains("schema version \(version), this program reads 2"))
        #expect(wanted.description.contains("train the run again"))
      }
    }
  }
}
