import Experiments
import Regression
import Tables

/// Nights of a few cells with given values.
enum Nights {
  static let machine = MachineClass(
    cpu: "Some CPU", processor: "Vendor family 1 model 2", threads: 1,
    versions: ["dnnl": "2.6.3", "openblas": "0.3", "swift": "6"])
  static let test = RegressionSpec.Test(alpha: 0.005, minimumEffect: 0.5)

  static func cell(
    _ column: String, _ values: [Double], metric: String = "miou", counts: String? = nil,
    model: String? = nil,
    run: String = "r", problems: [String] = []
  ) -> CellResult {
    CellResult(
      place: CellPlace(table: "table98", row: ["Net", metric], column: column), metric: metric, point: "last",
      replicates: values.enumerated().map {
        Replicate(seed: $0, fold: nil, run: "\(run)\($0)", value: $1, counts: counts, model: model)
      }, problems: problems)
  }

  static func night(
    _ cells: [CellResult], tier: String = "mini", numerics: Int = 5, machine: MachineClass = machine,
    date: String = "2026-11-29", overrides: [String] = []
  ) -> Night {
    Night(
      name: "own", tier: tier, profile: "mini", date: date, ended: "\(date)T04:05:06Z", seconds: 7,
      commit: "abc", dirty: false, numerics: numerics, machine: machine, overrides: overrides,
      data: ["streets": "s1"], cells: cells)
  }

  static func accepted(_ night: Night) -> Reference.Accepted {
    Reference.Accepted(night, reason: "first", date: "2026-11-30")
  }

  static func report(
    _ night: [CellResult], _ reference: [CellResult], tier: String = "mini"
  ) -> RegressionReport {
    NightJudge.report(
      self.night(night, tier: tier), reference: accepted(self.night(reference, tier: tier)),
      test: tier == "smoke" ? nil : test)
  }
}
