import Models
import Tensors

/// Which tensors of a published file make up one tensor of ours, and which of them a backbone does not have.
enum ForeignNames {
  /// Prefix of every backbone parameter: the authors' wrapper around timm's.
  static let backbonePrefix = "backbone.backbone."

  /// What a published ImageNet network holds besides its features: the classifier, and what leads up to it.
  static func classifier(of backbone: Architecture.Backbone) -> [String] {
    switch backbone {
    case .resnet18d, .resnet50d, .resnet101d: return ["fc.weight", "fc.bias"]
    case .mobilenetv2:
      return ["conv_head.weight", "classifier.weight", "classifier.bias"]
        + ["weight", "bias", "running_mean", "running_var"].map { "bn2.\($0)" }
    case .mitB0, .mitB1, .mitB2, .mitB3, .mitB4, .mitB5:
      return ["head.weight", "head.bias", "classifier.weight", "classifier.bias"]
    }
  }

  /// Counts of batches, which running statistics of fixed momentum do not use.
  static func isCounter(_ name: String) -> Bool { name.hasSuffix("num_batches_tracked") }

  /// The name a backbone's tensor has in the transformers library's SegFormer, translated to ours; `part` orders
  /// tensors that are stored apart there and one below the other here (keys, then values). Other names pass.
  static func translated(_ name: String) -> (name: String, part: Int) {
    var rest = name
    for prefix in ["segformer.encoder.", "encoder."] where rest.hasPrefix(prefix) {
      rest = String(rest.dropFirst(prefix.count))
      break
    }
    let words = rest.split(separator: ".").map(String.init)
    guard words.count >= 3, let stage = Int(words[1]).map({ $0 + 1 }) else { return (name, 0) }
    let leaf = words[words.count - 1]
    switch words[0] {
    case "patch_embeddings":
      return ("patch_embed\(stage).\(words[2] == "layer_norm" ? "norm" : words[2]).\(leaf)", 0)
    case "layer_norm": return ("norm\(stage).\(leaf)", 0)
    case "block":
      guard words.count >= 5 else { return (name, 0) }
      let inner = words[3..<words.count - 1].joined(separator: ".")
      guard let (ours, part) = blockNames[inner] else { return (name, 0) }
      return ("block\(stage).\(words[2]).\(ours).\(leaf)", part)
    default: return (name, 0)
    }
  }

  private static let blockNames: [String: (String, Int)] = [
    "layer_norm_1": ("norm1", 0), "layer_norm_2": ("norm2", 0), "attention.self.query": ("attn.q", 0),
    "attention.self.key": ("attn.kv", 0), "attention.self.value": ("attn.kv", 1),
    "attention.self.sr": ("attn.sr", 0), "attention.self.layer_norm": ("attn.norm", 0),
    "attention.output.dense": ("attn.proj", 0), "mlp.dense1": ("mlp.fc1", 0),
    "mlp.dwconv.dwconv": ("mlp.dwconv.dwconv", 0), "mlp.dense2": ("mlp.fc2", 0),
  ]
}
