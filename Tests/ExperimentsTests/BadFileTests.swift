import Experiments
import Foundation
import Testing

/// One way of spoiling one file, and what the error must say.
struct BadFile: Sendable, CustomTestStringConvertible {
  let file: String
  let old: String
  let new: String
  let says: [String]

  var testDescription: String { "\(file): \(new)" }
}

@Suite(.serialized) struct BadFileTests {
  static let cases: [BadFile] = [
    // Unknown, missing, repeated key.
    BadFile(
      file: "models/deeplabv3_resnet18d.yaml", old: "dropout: 0.1", new: "dropout: 0.1\ndroput: 0.1",
      says: ["models/deeplabv3_resnet18d.yaml", "droput", "unknown key", "auxiliary_channels, dropout"]),
    BadFile(
      file: "models/pspnet_resnet18d.yaml", old: "  bins: [1, 2, 3, 6]", new: "  rates: [12]",
      says: ["models/pspnet_resnet18d.yaml", "decoder.rates", "unknown key", "kind, channels, bins"]),
    BadFile(
      file: "labels/boundary_smoothing.yaml", old: "epsilon: 0.5", new: "",
      says: ["labels/boundary_smoothing.yaml", "epsilon", "missing"]),
    BadFile(
      file: "labels/hard.yaml", old: "kind: hard", new: "kind: hard\nkernel: 3",
      says: ["labels/hard.yaml", "kernel", "unknown key", "allowed: kind"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "power: 0.9", new: "power: 0.9\n  power: 1.0",
      says: ["recipes/sgd_voc.yaml", "'power' stands twice"]),
    // Wrong type.
    BadFile(
      file: "losses/ce_jml.yaml", old: "smooth: 1.0", new: "smooth: \"1.0\"",
      says: ["losses/ce_jml.yaml: smooth", "\"1.0\"", "a number, 0 <= x <= 1000000"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "learning_rate: 0.01", new: "learning_rate: nan",
      says: ["recipes/sgd_voc.yaml: optimizer.learning_rate", "'nan'", "a number, 0 < x <= 10"]),
    BadFile(
      file: "profiles/mini.yaml", old: "batch: 8", new: "batch: 8.0",
      says: ["profiles/mini.yaml: datasets.cityscapes.batch", "'8.0'", "an integer, 2...1024"]),
    BadFile(
      file: "profiles/mini.yaml", old: "comparable_with_paper: false", new: "comparable_with_paper: no",
      says: ["profiles/mini.yaml: comparable_with_paper", "'no'", "true or false"]),
    BadFile(
      file: "models/deeplabv3_resnet18d.yaml", old: "rates: [12, 24, 36]", new: "rates: 12",
      says: ["models/deeplabv3_resnet18d.yaml: decoder.rates", "'12'", "a list"]),
    BadFile(
      file: "tables/table04.yaml", old: "SKD: {mean: 75.42}", new: "SKD: {mean: about 75}",
      says: ["tables/table04.yaml: rows[0].paper.SKD.mean", "'about 75'", "a number as printed"]),
    // Out of range.
    BadFile(
      file: "labels/boundary_smoothing.yaml", old: "kernel: 3", new: "kernel: 4",
      says: ["labels/boundary_smoothing.yaml: kernel", "'4'", "an odd integer, 3...8191, or infinity"]),
    BadFile(
      file: "labels/boundary_smoothing.yaml", old: "kernel: 3", new: "kernel: wide",
      says: ["labels/boundary_smoothing.yaml: kernel", "'wide'", "an odd integer, 3...8191, or infinity"]),
    BadFile(
      file: "losses/ce_jml2.yaml", old: "form: jml2", new: "form: jml3",
      says: ["losses/ce_jml2.yaml: form", "'jml3'", "one of jml1, jml2, sjl_l1, sjl_l2"]),
    BadFile(
      file: "losses/ce_lovasz.yaml", old: "threshold: 0.01", new: "threshold: 0.01\nsmooth: 1.0",
      says: ["losses/ce_lovasz.yaml", "smooth", "unknown key"]),
    BadFile(
      file: "labels/boundary_smoothing.yaml", old: "epsilon: 0.5", new: "epsilon: 1.5",
      says: ["labels/boundary_smoothing.yaml: epsilon", "'1.5'", "0 < x <= 1"]),
    BadFile(
      file: "models/deeplabv3_resnet18d.yaml", old: "output_stride: 8", new: "output_stride: 12",
      says: ["models/deeplabv3_resnet18d.yaml: output_stride", "'12'", "8, 16 or 32"]),
    BadFile(
      file: "models/deeplabv3plus_resnet101d_os16.yaml", old: "convolutions: plain",
      new: "convolutions: dense",
      says: [
        "models/deeplabv3plus_resnet101d_os16.yaml: decoder.convolutions", "'dense'", "separable, plain",
      ]),
    BadFile(
      file: "models/deeplabv3_resnet18d.yaml", old: "kind: deeplabv3",
      new: "kind: deeplabv3\n  convolutions: plain",
      says: ["models/deeplabv3_resnet18d.yaml", "decoder.convolutions", "unknown key"]),
    BadFile(
      file: "models/deeplabv3plus_resnet101d_os16_mg124.yaml", old: "multi_grid: [1, 2, 4]",
      new: "multi_grid: [1, 2]",
      says: ["models/deeplabv3plus_resnet101d_os16_mg124.yaml: multi_grid", "a list of 2", "a list of 3"]),
    BadFile(
      file: "models/deeplabv3plus_resnet101d_os16_mg124.yaml", old: "multi_grid: [1, 2, 4]",
      new: "multi_grid: [1, 2, 17]",
      says: [
        "models/deeplabv3plus_resnet101d_os16_mg124.yaml: multi_grid[2]", "'17'", "an integer, 1...16",
      ]),
    BadFile(
      file: "models/deeplabv3plus_resnet101d_os16_mg124.yaml", old: "multi_grid: [1, 2, 4]",
      new: "multi_grid: null",
      says: ["models/deeplabv3plus_resnet101d_os16_mg124.yaml: multi_grid", "a list"]),
    BadFile(
      file: "models/deeplabv3plus_resnet101d_os16_mg124.yaml", old: "output_stride: 16",
      new: "output_stride: 32",
      says: ["models/deeplabv3plus_resnet101d_os16_mg124.yaml: multi_grid", "8 or 16, not 32"]),
    BadFile(
      file: "models/deeplabv3_mobilenetv2_100.yaml", old: "output_stride: 8",
      new: "output_stride: 8\nmulti_grid: [1, 2]",
      says: ["models/deeplabv3_mobilenetv2_100.yaml: multi_grid", "a resnet backbone, not mobilenetv2_100"]),
    BadFile(
      file: "models/deeplabv3_resnet18d.yaml", old: "backbone: resnet18d", new: "backbone: resnet18",
      says: ["models/deeplabv3_resnet18d.yaml: backbone", "'resnet18'", "resnet18d, resnet50d, resnet101d"]),
    BadFile(
      file: "models/deeplabv3_resnet18d.yaml", old: "rates: [12, 24, 36]", new: "rates: [12, 0]",
      says: ["models/deeplabv3_resnet18d.yaml: decoder.rates[1]", "'0'", "1...128"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "mean: [123.68, 116.28, 103.53]", new: "mean: [123.68, 116.28]",
      says: ["recipes/sgd_voc.yaml: normalisation.mean", "a list of 2", "a list of 3"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "kind: random_flip", new: "kind: random_blur",
      says: ["recipes/sgd_voc.yaml: augmentation.random_blur.kind", "random_scale, random_flip, random_crop"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "probability: 0.5", new: "chance: 0.5",
      says: ["recipes/sgd_voc.yaml: augmentation.random_flip.chance", "unknown key", "kind, probability"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "- {kind: random_crop}", new: "- random_crop",
      says: ["recipes/sgd_voc.yaml: augmentation[2]", "a mapping"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "boundary_kernel: 3", new: "boundary_kernel: 4",
      says: ["recipes/sgd_voc.yaml: inference.boundary_kernel", "'4'", "an odd integer, 3...8191"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "kind: poly", new: "kind: cosine",
      says: ["recipes/sgd_voc.yaml: schedule.kind", "'cosine'", "one of poly"]),
    BadFile(
      file: "profiles/mini.yaml", old: "    evaluate_every: null\n", new: "",
      says: ["profiles/mini.yaml: datasets.cityscapes.evaluate_every", "missing"]),
    BadFile(
      file: "datasets/cityscapes.yaml", old: "folder: cityscapes", new: "folder: ../elsewhere",
      says: ["datasets/cityscapes.yaml: folder", "'../elsewhere'", "below the data root"]),
    BadFile(
      file: "distillation/jml_kd.yaml", old: "temperature: 1.0", new: "temperature: 0",
      says: ["distillation/jml_kd.yaml: terms.pixel_wise.temperature", "'0'", "0 < x <= 100"]),
    BadFile(
      file: "losses/ce_jml.yaml", old: "  hard: present", new: "  hard: everything",
      says: ["losses/ce_jml.yaml: active_classes.hard", "'everything'", "all, present, prob, label, both"]),
    // Contradictions.
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "minimum: 0.5", new: "minimum: 3",
      says: ["recipes/sgd_voc.yaml: augmentation.random_scale.minimum", "'3'", "larger than maximum"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "  - {kind: random_crop}",
      new: "  - {kind: random_flip, probability: 1}",
      says: [
        "recipes/sgd_voc.yaml: augmentation", "may stand once", "random_scale, random_flip, random_crop",
      ]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "augmentation:\n", new: "augmentation:\n  - {kind: random_crop}\n",
      says: ["recipes/sgd_voc.yaml: augmentation", "their order is random_scale, random_flip, random_crop"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "  - {kind: random_crop}\n", new: "",
      says: ["recipes/sgd_voc.yaml: augmentation", "the last stage must be random_crop"]),
    BadFile(
      file: "profiles/smoke.yaml", old: "fold_size: 3", new: "fold_size: 0",
      says: ["profiles/smoke.yaml: datasets.deepglobe_land.fold_size", "'0'", "1...1000000"]),
    BadFile(
      file: "profiles/smoke.yaml", old: "  ade20k:\n", new: "  ade20k:\n    fold_size: 2\n",
      says: ["profiles/smoke.yaml: datasets.ade20k.fold_size: 2", "datasets/ade20k.yaml has no folds"]),
    BadFile(
      file: "profiles/mini.yaml", old: "    embedded: null",
      new:
        "    embedded: {train_images: 4, validation_images: 2, height: 32, width: 64, seed: 1}",
      says: ["profiles/mini.yaml: datasets.default.embedded", "must be null"]),
    BadFile(
      file: "losses/ce_jml.yaml", old: "dataset_weight: 1.0", new: "dataset_weight: 0",
      says: ["losses/ce_jml.yaml", "all 0"]),
    BadFile(
      file: "tables/table04.yaml", old: "    kind: run\n    loss: ce\n",
      new: "    kind: run\n    loss: ce\n    model: pspnet_resnet18d\n",
      says: ["tables/table04.yaml: rows[0].model", "column 'CE' gives model as well"]),
    BadFile(
      file: "tables/table04.yaml", old: "labels: [Cityscapes, DL3-MB2]", new: "labels: [Cityscapes, DL3-R18]",
      says: ["tables/table04.yaml: rows", "'Cityscapes / DL3-R18' stands twice"]),
    // Broken references.
    BadFile(
      file: "tables/table04.yaml", old: "    model: deeplabv3_mobilenetv2_100",
      new: "    model: deeplabv3_xception",
      says: ["tables/table04.yaml: rows[1].model", "deeplabv3_xception", "pspnet_resnet18d"]),
    BadFile(
      file: "tables/table04.yaml", old: "loss: ce_jml", new: "loss: jml",
      says: ["tables/table04.yaml: defaults.inputs.teacher.loss", "'jml'", "ce, ce_jml"]),
    BadFile(
      file: "tables/table04.yaml", old: "    teacher:\n", new: "    tutor:\n",
      says: ["tables/table04.yaml: defaults.inputs", "'tutor'", "backbone, teacher"]),
    BadFile(
      file: "tables/table04.yaml", old: "    kind: run\n    loss: ce\n",
      new: "    kind: run\n    role: tutor\n    loss: ce\n",
      says: ["tables/table04.yaml: columns[0].role", "'tutor'", "backbone, teacher"]),
    BadFile(
      file: "profiles/mini.yaml", old: "input_iterations: {teacher:", new: "input_iterations: {tutor:",
      says: ["profiles/mini.yaml: datasets.cityscapes.input_iterations", "'tutor'", "backbone, teacher"]),
    BadFile(
      file: "profiles/mini.yaml", old: "family_iterations: {mobilenetv2:",
      new: "family_iterations: {mobilenetv2_100:",
      says: [
        "profiles/mini.yaml: datasets.cityscapes.family_iterations.mobilenetv2_100", "unknown key",
        "resnet, mobilenetv2, mix_transformer",
      ]),
    BadFile(
      file: "tables/table04.yaml", old: "minus: CE}", new: "minus: CE-BLS}",
      says: ["tables/table04.yaml: differences[0].minus", "'CE-BLS'", "CE, SKD"]),
    BadFile(
      file: "tables/table04.yaml", old: "SKD: {mean: 75.42}", new: "SDK: {mean: 75.42}",
      says: ["tables/table04.yaml: rows[0].paper.SDK", "unknown key", "CE, SKD"]),
    BadFile(
      file: "profiles/smoke.yaml", old: "  pascal_voc:", new: "  voc:",
      says: [
        "profiles/smoke.yaml: datasets", "'voc'", "allowed: ade20k, cityscapes",
        "pascal_voc, pascal_voc_official, pascal_voc_semi_supervised, pretraining_objects, default",
      ]),
    // Footnotes, and the best of a sweep.
    BadFile(
      file: "tables/table03.yaml", old: "  - rows: [[SegFormer-B3, BECE]]",
      new: "  - rows: [[SegFormer-B2, BECE]]",
      says: ["tables/table03.yaml: footnotes[0].rows[0]", "SegFormer-B2 / BECE", "SegFormer-B3 / BECE"]),
    BadFile(
      file: "figures/figure04.yaml", old: "metric: miou}", new: "metric: ece}",
      says: ["figures/figure04.yaml: best.metric", "'ece'", "miou"]),
    BadFile(
      file: "figures/figure04.yaml", old: "of: label.epsilon", new: "of: loss.smooth",
      says: ["figures/figure04.yaml: best.of", "'loss.smooth'", "label.kernel, label.epsilon"]),
    // Not YAML.
    BadFile(
      file: "labels/hard.yaml", old: "kind: hard", new: "kind: [hard",
      says: ["labels/hard.yaml:", "not valid YAML"]),
    BadFile(file: "labels/hard.yaml", old: "kind: hard", new: "", says: ["labels/hard.yaml", "empty"]),
    BadFile(
      file: "labels/hard.yaml", old: "kind: hard", new: "- hard", says: ["labels/hard.yaml", "a mapping"]),
    BadFile(
      file: "recipes/sgd_voc.yaml", old: "power: 0.9", new: "power: &p 0.9\n  nesterov: *p",
      says: ["recipes/sgd_voc.yaml:", "anchors are not used here"]),
  ]

  @Test(arguments: cases) func refused(_ bad: BadFile) throws {
    let files = try TemporaryRegistry()
    try files.replace(bad.file, bad.old, bad.new)
    let message = try #require(registryError { _ = try files.load() })
    for part in bad.says { #expect(message.contains(part), "'\(part)' is not in: \(message)") }
    #expect(!message.contains("\n"))
  }

  @Test func strayFilesAndFolders() throws {
    let extension_ = try TemporaryRegistry()
    try extension_.write("models/other.yml", "backbone: resnet18d")
    #expect(registryError { _ = try extension_.load() }?.contains("models/other.yml") == true)
    let folder = try TemporaryRegistry()
    try FileManager.default.createDirectory(
      at: folder.root.appendingPathComponent("model"), withIntermediateDirectories: false)
    #expect(registryError { _ = try folder.load() }?.contains("model: unknown key; allowed: models") == true)
    let missing = try TemporaryRegistry()
    try FileManager.default.removeItem(at: missing.root.appendingPathComponent("recipes"))
    #expect(registryError { _ = try missing.load() }?.contains("recipes: cannot be read") == true)
    let binary = try TemporaryRegistry()
    try Data([0xFF, 0xFE, 0x00]).write(to: binary.root.appendingPathComponent("labels/hard.yaml"))
    #expect(registryError { _ = try binary.load() }?.contains("labels/hard.yaml") == true)
  }

  @Test func distillingATermThatTheLossDoesNotHave() throws {
    let files = try TemporaryRegistry()
    try files.replace(
      "tables/table04.yaml", "    loss: ce_jml\n    distillation", "    loss: ce\n    distillation")
    let message = try #require(registryError { _ = try files.plan() })
    #expect(message.contains("tables/table04.yaml"))
    #expect(message.contains("Jaccard term"))
  }

  @Test func cellWithoutTeacher() throws {
    let files = try TemporaryRegistry()
    try files.replace(
      "tables/table04.yaml",
      """
        inputs:
          teacher:
            model: deeplabv3_resnet50d
            loss: ce_jml
            label: boundary_smoothing
            seed: 0

      """, "  inputs:\n")
    let message = try #require(registryError { _ = try files.plan() })
    #expect(message.contains("'Cityscapes / DL3-R18' x 'JML-KD': inputs.teacher: required key is missing"))
  }
}
