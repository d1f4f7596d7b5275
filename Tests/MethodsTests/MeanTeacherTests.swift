import Methods
import Models
import Tensors
import TestSupport
import Testing
import Training

/// How teachers that are averages follow their students.
@Suite(.serialized) struct MeanTeacherTests {
  private static func moment(_ iteration: Int) -> StepMoment {
    StepMoment(iteration: iteration, iterations: 8, rate: 0.01, seed: 7)
  }

  private static func values(_ model: SegmentationModel) -> [[Float]] {
    model.state.tensors.map { $0.tensor.values }
  }

  @Test(arguments: [0, 0.5, 0.9, 0.996]) func anAverageOfEqualsIsItself(_ decay: Double) {
    let student = Small.model(seed: 1)
    let average = ExponentialMovingAverage(Small.model(seed: 2), following: student)
    average.update(from: student, decay: decay)
    for (mine, theirs) in zip(Self.values(average.model), Self.values(student)) {
      // Exact where both products are.
      if decay == 0 || decay == 0.5 { #expect(mine == theirs) }
      expectClose(actual: mine, expected: theirs, tolerance: 0, relative: 2e-7, "decay \(decay)")
    }
  }

  /// Four epochs of two iterations: the student itself in the first, min(1 - 1 / (iteration + 1), decay) after it.
  @Test func followsByEpochs() {
    let students = (1...4).map { Small.model(seed: UInt64($0)) }
    let teacher = MeanTeacher(StepTests.setup(students[0]), decay: 0.7, epochs: 4)
    for iteration in 0..<2 {
      teacher.follow(students[iteration + 1], Self.moment(iteration))
      #expect(Self.values(teacher.average.model) == Self.values(students[iteration + 1]))
    }
    for (iteration, decay) in [(2, 2 / 3.0), (3, 0.7), (7, 0.7)] {
      let before = Self.values(teacher.average.model)
      teacher.follow(students[3], Self.moment(iteration))
      let expected = zip(before, Self.values(students[3])).map { old, new in
        zip(old, new).map { Float(decay) * $0 + Float(1 - decay) * $1 }
      }
      for (mine, other) in zip(Self.values(teacher.average.model), expected) {
        expectClose(actual: mine, expected: other, tolerance: 1e-6, "iteration \(iteration)")
      }
    }
  }

  /// Without epochs the average lags from the second iteration on.
  @Test func followsWithoutEpochs() {
    let students = (1...2).map { Small.model(seed: UInt64($0)) }
    let teacher = MeanTeacher(StepTests.setup(students[0]), decay: 0.7, epochs: nil)
    teacher.follow(students[1], Self.moment(0))
    #expect(Self.values(teacher.average.model) == Self.values(students[1]))
    teacher.follow(students[0], Self.moment(1))
    #expect(Self.values(teacher.average.model) != Self.values(students[0]))
  }

  /// With eight iterations and four epochs the run's network is its student's equal for two iterations.
  @Test(arguments: [StepTests.Kind.augSeg, .imas]) func lagsAfterTheFirstEpoch(_ kind: StepTests.Kind) throws
  {
    let trainer = StepTests.trainer(kind, iterations: 8)
    #expect(trainer.step.networks.map(\.name) == ["average", "student"])
    for iteration in 0..<4 {
      _ = try trainer.advance(Small.batches(iteration))
      let networks = trainer.step.networks.map { Self.values($0.model) }
      #expect((networks[0] == networks[1]) == (iteration < 2), "iteration \(iteration)")
    }
  }
}
