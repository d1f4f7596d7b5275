import Experiments
import Foundation
import Testing

/// The losses of Table 10 in a run's spec.
@Suite(.serialized) struct LossSpecTests {
  private func student(_ loss: String, _ changes: [String] = [], label: String = "hard") throws -> RunSpec {
    let files = try TemporaryRegistry()
    try files.replace("tables/table04.yaml", "loss: ce_jml\n    distillation: jml_kd", "loss: \(loss)")
    try files.replace("tables/table04.yaml", "  label: hard", "  label: \(label)")
    let plan = try files.plan("mini", changes)
    return try #require(plan.runs.first { $0.spec.loss.name == loss && $0.spec.data.name == "cityscapes" })
      .spec
  }

  @Test(arguments: [("ce_jml2", JaccardForm.jml2), ("ce_sjl_l1", .sjlL1), ("ce_sjl_l2", .sjlL2)])
  func forms(_ loss: String, _ form: JaccardForm) throws {
    let spec = try student(loss)
    #expect(spec.loss.jaccard?.form == form)
    #expect(spec.canonicalJSON.contains("\"form\":\"\(form.rawValue)\""))
    #expect(try RunSpec(json: spec.canonicalJSON, source: "run.json") == spec)
    #expect(spec.overridableKeys.contains("loss.form"))
    #expect(try student(loss, label: "boundary_smoothing").loss.jaccard?.activeClasses == .all)
    // JML1 has no key of its own, so that runs from before there was a choice keep their ids.
    let first = try student("ce_jml")
    #expect(!first.canonicalJSON.contains("form\":\"jml"))
    #expect(first.id != spec.id)
  }

  /// Optional keys: named in the id only where they are not what they were before.
  @Test func shapes() throws {
    let files = try TemporaryRegistry()
    try files.replace("losses/ce_jml.yaml", "alpha: 1.0", "alpha: 1.0\nlog: true\ngamma: 2.0")
    let spec = try #require(try files.plan().runs.first { $0.spec.loss.name == "ce_jml" }).spec
    #expect(spec.loss.jaccard?.isLogarithmic == true && spec.loss.jaccard?.gamma == 2)
    #expect(try RunSpec(json: spec.canonicalJSON, source: "run.json") == spec)
    let plain = try TemporaryRegistry()
    try plain.replace("losses/ce_jml.yaml", "alpha: 1.0", "alpha: 1.0\nlog: false\ngamma: 1.0")
    #expect(try plain.plan().runs.map(\.id) == TemporaryRegistry().plan().runs.map(\.id))
    let short = try TemporaryRegistry()
    try short.replace("losses/ce_jml.yaml", "alpha: 1.0", "alpha: 1.0\nclass_factors: [1, 2]")
    let message = registryError { _ = try short.plan() }
    #expect(message?.contains("class_factors has 2 numbers") == true, "\(message ?? "no error")")
  }

  @Test func lovasz() throws {
    let spec = try student("ce_lovasz", ["loss.lovasz_weight=0.5"])
    #expect(spec.loss.jaccard == nil)
    #expect(spec.loss.lovasz?.weight == 0.5)
    #expect(spec.loss.lovasz?.activeClasses == .present)
    #expect(try RunSpec(json: spec.canonicalJSON, source: "run.json") == spec)
    let message = registryError { _ = try student("ce_lovasz", label: "boundary_smoothing") }
    #expect(message?.contains("needs hard labels") == true, "\(message ?? "no error")")
  }

  @Test func everywhereAndWideWindows() throws {
    let plain = try student("ce_jml", label: "label_smoothing")
    #expect(plain.label.kind == .boundarySmoothing(kernel: nil, epsilon: 0.1))
    #expect(plain.canonicalJSON.contains(#""kernel":"infinity""#))
    #expect(try RunSpec(json: plain.canonicalJSON, source: "run.json") == plain)
    let wide = try student("ce_jml", ["label.kernel=101"], label: "label_smoothing")
    #expect(wide.label.kind == .boundarySmoothing(kernel: 101, epsilon: 0.1))
    let back = try student("ce_jml", ["label.kernel=infinity"], label: "boundary_smoothing")
    #expect(back.label.kind == .boundarySmoothing(kernel: nil, epsilon: 0.5))
  }
}
