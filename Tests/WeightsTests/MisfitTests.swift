import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Files that do not fit: a short message with the counts, the first names and what it probably comes from.
@Suite(.serialized) struct MisfitTests {
  private func model(_ backbone: Architecture.Backbone, classes: Int = 5) -> SegmentationModel {
    let isTransformer = backbone.rawValue.hasPrefix("mit")
    return SegmentationModel(
      Architecture(
        backbone: backbone, decoder: isTransformer ? .segFormer : .pspNet(bins: [1, 2]), outChannels: 32,
        auxiliaryChannels: 16, outputStride: isTransformer ? 32 : 8, dropout: 0, stochasticDepth: 0),
      classes: classes, seed: 1)
  }

  private func tensors(
    _ model: SegmentationModel, backbone: Bool, _ rename: (String) -> String
  ) -> [WeightFile.NamedValues] {
    let prefix = "backbone.backbone."
    return model.state.tensors.filter { !backbone || $0.path.hasPrefix(prefix) }
      .map { (rename(backbone ? String($0.path.dropFirst(prefix.count)) : $0.path), $0.tensor) }
  }

  private func withFile(_ tensors: [WeightFile.NamedValues], _ body: (WeightFile) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("w.safetensors")
      try SafetensorsFile.image(tensors).write(to: url)
      try body(WeightFile(reading: url))
    }
  }

  /// The message about a file that does not fit.
  private func message(
    _ file: WeightFile, into model: SegmentationModel, others: [() -> KnownNetwork] = []
  ) throws -> String {
    let plan = WeightImport(file, into: model, scope: WeightImport.scope(of: file))
    do {
      try plan.apply(to: model, named: "the network", others: others)
    } catch {
      #expect(error.description.count < 1200 && !error.description.contains("\n"))
      return error.description
    }
    Issue.record("the file fits")
    return ""
  }

  /// What wrappers put in front of names.
  @Test(arguments: ["encoder.", "model.backbone.", "module.encoder.", "_orig_mod."])
  func prefixes(_ prefix: String) throws {
    let source = model(.mitB0)
    try withFile(tensors(source, backbone: true) { prefix + $0 }) { file in
      let text = try message(file, into: model(.mitB0))
      let begin = text.prefix(300)
      #expect(begin.contains("--strip-prefix '\(prefix)'") && begin.contains("all of it fits"), "\(text)")
      #expect(text.contains(" missing: backbone.backbone.") && text.contains(" more"))
      let stripped = try file.stripping(prefix)
      let target = model(.mitB0)
      try WeightImport(stripped, into: target, scope: .backbone).apply(to: target, named: "test")
      #expect(target.state.tensors.first?.tensor.values == source.state.tensors.first?.tensor.values)
    }
  }

  /// Part of a network of another library: what would fit is counted.
  @Test func prefixOfAPart() throws {
    let source = model(.mitB0)
    let head = (0..<9).map { ("decode_head.\($0).weight", Tensor([1, 2], shape: [2])) }
    try withFile(tensors(source, backbone: true) { "backbone." + $0 } + head) { file in
      let text = try message(file, into: model(.mitB0))
      let count = file.entries.count
      #expect(
        text.contains("\(count - 9) of its \(count) tensors fit: jml model import --strip-prefix 'backbone.'")
      )
      #expect(text.contains("; \(count) unexpected: "))
    }
  }

  @Test func otherClasses() throws {
    let source = model(.mitB0, classes: 7)
    try withFile(tensors(source, backbone: false) { $0 }) { file in
      let text = try message(file, into: model(.mitB0))
      #expect(text.contains("the file is of 7 classes and the network of 5") && text.contains("--classes 7"))
      #expect(text.contains("4 of another shape: "))
    }
    try withFile(tensors(source, backbone: false) { "net." + $0 }) { file in
      let text = try message(file, into: model(.mitB0))
      #expect(text.contains("--strip-prefix 'net.'") && text.contains("of 7 classes"), "\(text)")
    }
  }

  @Test func otherNetworks() throws {
    let source = model(.mitB0)
    try withFile(tensors(source, backbone: true) { $0 }) { file in
      let text = try message(file, into: model(.resnet18d))
      #expect(text.contains("it fits the backbone mit_b0; "), "\(text)")
    }
    try withFile(tensors(source, backbone: true) { "encoder." + $0 }) { file in
      let text = try message(file, into: model(.mitB1))
      #expect(text.contains("with --strip-prefix 'encoder.' it fits the backbone mit_b0; "), "\(text)")
    }
    // A whole network is compared with those that are given.
    try withFile(tensors(model(.mitB0, classes: 3), backbone: false) { $0 }) { file in
      var made = 0
      let others = [Architecture.Backbone.mitB1, .mitB0].map { backbone in
        {
          made += 1
          return KnownNetwork("net \(backbone.rawValue)", self.model(backbone))
        }
      }
      let text = try message(file, into: model(.resnet18d), others: others)
      #expect(text.contains("it fits net mit_b0 of 3 classes; ") && made == 2, "\(text)")
    }
  }

  /// Nothing fits; names that are long or many do not make the message so.
  @Test func strangers() throws {
    let long = String(repeating: "x", count: 5000)
    let many = (0..<2000).map { ("\(long).\($0)", Tensor([1], shape: [1])) }
    try withFile(many) { file in
      let text = try message(file, into: model(.mitB0))
      #expect(text.contains("no name of the file is one of the network's; "), "\(text.prefix(500))")
      #expect(text.contains("2000 unexpected: ") && text.contains(" and 1997 more"))
    }
  }

  @Test func prefixesThatAreNotThere() throws {
    try withFile([("a.b", Tensor([1], shape: [1])), ("b", Tensor([1], shape: [1]))]) { file in
      #expect(throws: WeightsError.noSuchPrefix(path: file.path, prefix: "x.", names: ["a.b", "b"])) {
        try file.stripping("x.")
      }
      #expect {
        try file.stripping("a.")
      } throws: { "\($0)".contains("without 'a.', two of its tensors are named 'b'") }
    }
  }
}
