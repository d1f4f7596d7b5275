import Experiments
import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct BackboneWeightsTests {
  private func student(_ plan: Plan) throws -> PlannedRun {
    try #require(plan.runs.first { $0.spec.distillation != nil && $0.spec.data.name == "cityscapes" })
  }

  /// Content counts, and so does its place, since a run must find it; without a file nothing changes.
  @Test func contentIsPartOfTheID() throws {
    try withTemporaryDirectory { folder in
      let file = folder.appendingPathComponent("resnet18d.safetensors")
      try Data("one".utf8).write(to: file)
      let registry = try TemporaryRegistry()
      let plain = try student(try registry.plan())
      let none = try student(try registry.plan("mini", ["recipe.backbone_weights=null"]))
      #expect(none.id == plain.id && !plain.spec.canonicalJSON.contains("backbone_weights"))
      // The path of a file that exists for some backbones only fails where it is missing.
      let given = "recipe.backbone_weights=\(folder.path)/{backbone}.safetensors"
      #expect(
        registryError { _ = try registry.plan("mini", [given]) }?.contains("resnet50d.safetensors") == true)
      for name in ["resnet50d", "mobilenetv2_100"] {
        try Data(name.utf8).write(to: folder.appendingPathComponent("\(name).safetensors"))
      }
      let first = try student(try registry.plan("mini", [given]))
      #expect(first.id != plain.id)
      let weights = try #require(first.spec.recipe.backboneWeights)
      #expect(weights.path == file.path && weights.sha256 == SHA256.hexDigest(of: "one"))
      // A stored spec reads back without the file.
      try FileManager.default.removeItem(at: file)
      #expect(try RunSpec(json: first.spec.canonicalJSON, source: "run.json").id == first.id)
      try Data("other content".utf8).write(to: file)
      #expect(try student(try registry.plan("mini", [given])).id != first.id)
    }
  }

  /// Files are hashed when runs are planned and at no other time.
  @Test func decodingReadsNoFile() throws {
    let plain = try student(try TemporaryRegistry().plan()).spec
    let text = plain.canonicalJSON.replacingOccurrences(
      of: #""augmentation":"#, with: #""backbone_weights":"/nonexistent/{backbone}.h5","augmentation":"#)
    let weights = try #require(try RunSpec(json: text, source: "run.json").recipe.backboneWeights)
    #expect(weights.path == "/nonexistent/{backbone}.h5" && weights.sha256 == nil)
  }

  @Test(arguments: [
    ("recipe.backbone_weights=3", "backbone_weights"), ("recipe.backbone_weights=[a]", "backbone_weights"),
    ("recipe.backbone_weights=/nonexistent/w.safetensors", "/nonexistent/w.safetensors"),
    ("recipe.backbone_weights={path: a, sha256: b}", "sha256"),
  ]) func badValues(_ override: String, says: String) throws {
    let registry = try TemporaryRegistry()
    let error = registryError { _ = try registry.plan("mini", [override]) }
    #expect(error?.contains(says) == true, "\(error ?? "no error")")
  }
}

/// Networks and optimizers that came after Table 4.
@Suite(.serialized) struct ModelSpecTests {
  @Test(arguments: [
    ("output_stride: 32", "output_stride: 8", "output_stride"), ("kind: segformer", "kind: unet", "decoder"),
    ("stochastic_depth: 0.1\n", "", "stochastic_depth"),
    ("stochastic_depth: 0.1", "stochastic_depth: 1", "0 <= x < 1"),
    ("backbone: mit_b0", "backbone: resnet18d", "stochastic_depth"),
  ]) func badTransformers(_ old: String, _ new: String, says: String) throws {
    let registry = try TemporaryRegistry()
    try registry.replace("models/segformer_mit_b0.yaml", old, new)
    let error = registryError { _ = try registry.load() }
    #expect(error?.contains(says) == true, "\(error ?? "no error")")
  }

  @Test(arguments: [
    ("widths: [256, 128, 64, 32, 16]", "widths: [256, 128]", "a list of 5"),
    ("output_stride: 32", "output_stride: 16", "32 for a unet decoder"),
  ]) func badUNets(_ old: String, _ new: String, says: String) throws {
    let registry = try TemporaryRegistry()
    try registry.replace("models/unet_resnet18d.yaml", old, new)
    let error = registryError { _ = try registry.load() }
    #expect(error?.contains(says) == true, "\(error ?? "no error")")
  }

  /// Its five halvings need crops that can be halved five times.
  @Test func cropsOfUNets() throws {
    let registry = try TemporaryRegistry()
    try registry.replace("tables/table04.yaml", "model: pspnet_resnet18d", "model: unet_resnet18d")
    let error = registryError { _ = try registry.plan("mini") }
    #expect(error?.contains("48 x 64, and unet_resnet18d needs multiples of 32") == true)
    try registry.replace("profiles/mini.yaml", "crop_height: 48", "crop_height: 64")
    #expect(registryError { _ = try registry.plan("mini") } == nil)
    #expect(
      registryError { _ = try registry.plan("mini", ["profile.crop_height=64", "profile.crop_width=96"]) }
        == nil)
    let overridden = registryError { _ = try registry.plan("mini", ["profile.crop_height=48"]) }
    #expect(overridden?.contains("multiples of 32") == true, "\(overridden ?? "no error")")
  }

  @Test func adamW() throws {
    let registry = try TemporaryRegistry().load()
    let recipe = try #require(registry.recipes["adamw_ade20k"])
    #expect(recipe.optimizer.kind == .adamw(beta1: 0.9, beta2: 0.999, epsilon: 1e-8))
    #expect(recipe.schedule.kind == .poly(power: 1))
    let spoiled = try TemporaryRegistry()
    try spoiled.replace("recipes/adamw_ade20k.yaml", "beta1: 0.9", "momentum: 0.9")
    #expect(registryError { _ = try spoiled.load() }?.contains("optimizer.momentum: unknown key") == true)
  }
}
