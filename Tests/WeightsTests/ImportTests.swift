import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

@Suite(.serialized) struct ImportTests {
  private func model(
    _ backbone: Architecture.Backbone, classes: Int = 5, seed: UInt64? = 1
  ) -> SegmentationModel {
    let isTransformer = backbone.rawValue.hasPrefix("mit")
    return SegmentationModel(
      Architecture(
        backbone: backbone, decoder: isTransformer ? .segFormer : .pspNet(bins: [1, 2]), outChannels: 32,
        auxiliaryChannels: 16, outputStride: isTransformer ? 32 : 8, dropout: 0, stochasticDepth: 0),
      classes: classes, seed: seed)
  }

  /// The backbone's tensors under their publisher's names, and what such files hold besides.
  private func published(_ model: SegmentationModel, extra: [String]) -> [WeightFile.NamedValues] {
    let prefix = "backbone.backbone."
    let own = model.state.tensors.filter { $0.path.hasPrefix(prefix) }
    return own.map { (String($0.path.dropFirst(prefix.count)), $0.tensor) }
      + extra.map { ($0, Tensor([1, 2], shape: [2])) }
  }

  private func write(_ tensors: [WeightFile.NamedValues], _ folder: URL) throws -> WeightFile {
    let url = folder.appendingPathComponent("w.safetensors")
    try SafetensorsFile.image(tensors).write(to: url)
    return try WeightFile(reading: url)
  }

  private func values(_ model: SegmentationModel, backbone: Bool) -> [[Float]] {
    model.state.tensors.filter { $0.path.hasPrefix("backbone.") == backbone }
      .map(\.tensor.values)
  }

  @Test(arguments: [
    (Architecture.Backbone.resnet18d, ["fc.weight", "fc.bias", "bn1.num_batches_tracked"]),
    (.mobilenetv2, ["conv_head.weight", "bn2.weight", "bn2.running_var", "classifier.bias"]),
    (.mitB0, ["head.weight", "head.bias"]),
  ]) func backbones(_ backbone: Architecture.Backbone, extra: [String]) throws {
    try withTemporaryDirectory { folder in
      let source = model(backbone, seed: 3)
      let file = try write(published(source, extra: extra), folder)
      let target = model(backbone, seed: 4)
      let decoder = values(target, backbone: false)
      #expect(WeightImport.scope(of: file) == .backbone)
      let plan = WeightImport(file, into: target, scope: .backbone)
      #expect(plan.problems == [] && plan.ignored == extra.sorted())
      try plan.apply(to: target, named: "test")
      #expect(values(target, backbone: true) == values(source, backbone: true))
      #expect(values(target, backbone: false) == decoder)
    }
  }

  /// The transformers library keeps keys and values apart, and has other names.
  @Test func transformersNames() throws {
    try withTemporaryDirectory { folder in
      let source = model(.mitB0, seed: 3)
      let tensors = published(source, extra: []).flatMap { name, tensor in Self.foreign(name, tensor) }
      let file = try write(tensors + [("classifier.weight", Tensor([1], shape: [1]))], folder)
      let target = model(.mitB0, seed: 4)
      let plan = WeightImport(file, into: target, scope: .backbone)
      #expect(plan.problems == [])
      try plan.apply(to: target, named: "test")
      #expect(values(target, backbone: true) == values(source, backbone: true))
    }
  }

  private static func foreign(_ name: String, _ tensor: Tensor) -> [WeightFile.NamedValues] {
    var words = name.split(separator: ".").map(String.init)
    let leaf = words.removeLast()
    let stage = (words[0].last?.wholeNumberValue ?? 0) - 1
    let kind = String(words[0].dropLast())
    let root = "segformer.encoder"
    switch kind {
    case "patch_embed":
      return [
        ("\(root).patch_embeddings.\(stage).\(words[1] == "norm" ? "layer_norm" : "proj").\(leaf)", tensor)
      ]
    case "norm": return [("\(root).layer_norm.\(stage).\(leaf)", tensor)]
    default:
      let block = "\(root).block.\(stage).\(words[1])"
      let inner = words.dropFirst(2).joined(separator: ".")
      let names = [
        "norm1": "layer_norm_1", "norm2": "layer_norm_2", "attn.q": "attention.self.query",
        "attn.sr": "attention.self.sr", "attn.norm": "attention.self.layer_norm",
        "attn.proj": "attention.output.dense", "mlp.fc1": "mlp.dense1", "mlp.fc2": "mlp.dense2",
      ]
      guard inner == "attn.kv" else { return [("\(block).\(names[inner] ?? inner).\(leaf)", tensor)] }
      let half = Shape([tensor.shape[0] / 2] + tensor.shape.dimensions.dropFirst())
      return ["key", "value"].enumerated().map { index, part in
        (
          "\(block).attention.self.\(part).\(leaf)",
          Tensor(Array(tensor.values[index * half.count..<(index + 1) * half.count]), shape: half)
        )
      }
    }
  }

  @Test func everyNameIsAccountedFor() throws {
    try withTemporaryDirectory { folder in
      let source = model(.resnet18d)
      var tensors = published(source, extra: ["stranger"])
      tensors.removeAll { $0.name == "layer1.0.bn1.running_mean" }
      let place = try #require(tensors.firstIndex { $0.name == "conv1.0.weight" })
      tensors[place].tensor = Tensor([Float](repeating: 1, count: 64), shape: [64])
      let file = try write(tensors, folder)
      let before = values(source, backbone: true)
      let plan = WeightImport(file, into: source, scope: .backbone)
      #expect(
        plan.problems == [
          "1 missing: backbone.backbone.layer1.0.bn1.running_mean", "1 unexpected: stranger",
          "1 of another shape: backbone.backbone.conv1.0.weight [64], expected [32, 3, 3, 3]",
        ])
      #expect(throws: WeightsError.self) { try plan.apply(to: source, named: "test") }
      #expect(values(source, backbone: true) == before)
      let allowed = WeightImport(
        file, into: source, scope: .backbone,
        allowing: ["stranger", "conv1.0.weight", "backbone.backbone.layer1.0.bn1.running_mean"])
      #expect(allowed.problems == [] && allowed.ignored == ["conv1.0.weight", "stranger"])
      try allowed.apply(to: source, named: "test")
    }
  }

  /// Export and import of a whole network, in both formats.
  @Test(arguments: ["safetensors", "h5"]) func wholeModel(_ ending: String) throws {
    try withTemporaryDirectory { folder in
      let source = model(.mitB0, seed: 3)
      let url = folder.appendingPathComponent("model.\(ending)")
      try WeightFile.image(source, for: url, name: "test").write(to: url)
      let file = try WeightFile(reading: url)
      #expect(WeightImport.scope(of: file) == .model)
      let target = model(.mitB0, seed: 4)
      try WeightImport(file, into: target, scope: .model).apply(to: target, named: "test")
      for backbone in [true, false] {
        #expect(values(target, backbone: backbone) == values(source, backbone: backbone))
      }
      // Another number of classes fits but for the two classifiers.
      let other = model(.mitB0, classes: 7)
      #expect(WeightImport(file, into: other, scope: .model).mismatched.count == 4)
    }
  }

  @Test func unreadableFiles() throws {
    try withTemporaryDirectory { folder in
      let missing = folder.appendingPathComponent("none.safetensors")
      #expect(throws: WeightsError.self) { try WeightFile(reading: missing) }
      let other = folder.appendingPathComponent("w.pth")
      try Data("x".utf8).write(to: other)
      #expect(throws: WeightsError.unknownEnding(path: other.path, allowed: [".safetensors", ".h5"])) {
        try WeightFile(reading: other)
      }
      let noise = folder.appendingPathComponent("noise.h5")
      try Data("not HDF5".utf8).write(to: noise)
      #expect(throws: WeightsError.self) { try WeightFile(reading: noise) }
    }
  }
}
