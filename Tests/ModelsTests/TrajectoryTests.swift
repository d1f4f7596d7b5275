import Datasets
import HDF5
import Models
import Optimizers
import Tensors
import TestSupport
import Testing
import Training

/// Ten steps of the trainer as it is, against PyTorch's with the same weights, batch, schedule and optimizer.
@Suite(.serialized) struct TrajectoryTests {
  /// Convolutional networks by SGD, the transformer by AdamW.
  @Test(arguments: ["deeplabv3_resnet18d", "deeplabv3_mobilenetv2_100", "segformer_mit_b0"])
  func trajectory(_ name: String) throws {
    let file = try Fixture.hdf5("trajectories.h5", in: .module)
    let model = try OracleModel.make(name)
    let isTransformer = name.hasPrefix("segformer")
    let schedule = PolySchedule(
      baseRate: isTransformer ? 6e-5 : 0.01, iterations: 10, warmUpRatio: 0.1, warmUpFloor: 1e-6,
      power: isTransformer ? 1 : 0.9)
    let optimizer = OptimizerConfiguration(
      rule: isTransformer ? .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8) : .sgd(momentum: 0.9),
      weightDecay: isTransformer ? 0.01 : 5e-4, headMultiplier: 10
    ).optimizer(for: model)
    let trainer = Trainer(
      step: SupervisedStep(model: model, optimizer: optimizer, loss: OracleTests.loss), schedule: schedule,
      seed: 1)
    let losses = try file.doubles("\(name)/loss_ce_jdt")
    let rates = try file.doubles("\(name)/lr_backbone")
    let labels = try OracleTests.labels(file)
    let batch = TrainingBatch([
      (
        BatchLoader.labelledStream,
        Batch(images: try OracleTests.images(file), labels: labels, ids: ["a", "b", "c", "d"])
      )
    ])
    var worst = 0.0
    while !trainer.isFinished {
      let step = trainer.iteration
      let report = try trainer.advance(batch)
      expectClose(report.learningRate, rates[step], tolerance: 1e-12)
      let tolerance = step < 3 ? 1e-3 : 1e-2
      #expect(report.terms.map(\.name) == ["cross_entropy", "jaccard"])
      for (term, oracle) in zip(report.terms, losses[(2 * step)...]) {
        worst = max(worst, abs(term.value - oracle) / oracle)
        #expect(
          abs(term.value - oracle) <= tolerance * oracle,
          "\(name) step \(step): \(term.name) \(term.value), expected \(oracle)")
      }
    }
    print("oracle \(name) trajectory: worst relative deviation \(worst)")
  }
}
