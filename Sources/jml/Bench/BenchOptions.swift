import ArgumentParser
import Benchmarks
import Experiments
import JSON
import Runner

/// How often, on what, and where the result goes.
struct BenchOptions: ParsableArguments {
  @Option(help: "Repeats that are timed.")
  var steps = 5

  @Option(help: "Repeats before, not timed.")
  var warmUp = 2

  @OptionGroup var threading: ThreadsOption

  @Option(
    help: ArgumentHelp(
      "Measures once for each value of another option, each time in a process of its own.",
      valueName: "option=value,value"))
  var sweep: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (1...100_000).contains(steps) else { throw ValidationError("--steps \(steps): at least 1") }
    guard (0...100_000).contains(warmUp) else { throw ValidationError("--warm-up \(warmUp): at least 0") }
    if let sweep { _ = try BenchSweep(sweep) }
  }

  /// - Throws: `RunnerError.fewerThreads`.
  func repeats(isQuiet: Bool = false) throws -> Repeats {
    let total = warmUp + steps
    return Repeats(warmUp: warmUp, count: steps, threads: try threading.adopted()) {
      done, seconds in
      // A line for each of thousands of short repeats would be the slowest part of them.
      if !isQuiet, seconds > 0.2 { Console.say("\(done)/\(total): \(BenchOptions.text(seconds))") }
    }
  }

  /// Prints what was measured, or measures point by point.
  func report(_ measure: () throws -> BenchmarkReport) throws {
    if let sweep {
      try BenchSweep(sweep).run(json: json)
      return
    }
    let report = try measure()
    if json { Console.out(report.json) } else { Console.out(BenchOptions.text(report)) }
  }

  private static func text(_ report: BenchmarkReport) -> String {
    var text = report.settings.map { "\($0.name) \($0.value.plainText)" }.joined(separator: ", ") + "\n"
    text +=
      "\(BenchOptions.text(report.times.median)) median of \(report.times.seconds.count), "
      + "\(BenchOptions.text(report.times.least)) to \(BenchOptions.text(report.times.most)), "
      + "\(report.threads) thread\(report.threads == 1 ? "" : "s")\n"
    text += "\(report.peakMemoryBytes >> 20) MiB resident, \(report.peakTensorBytes >> 20) MiB in tensors\n"
    if let rate = report.rate {
      text +=
        "\(rounded(rate * 1e-9)) GFLOP/s by the definition of its products; the machine does "
        + "\(rounded(report.peakRate * 1e-9)) (\(rounded(100 * rate / report.peakRate)) %)\n"
    }
    if let roofline = report.roofline { text += BenchOptions.text(roofline) }
    var rest = report.times.mean
    for (kind, seconds) in report.work.seconds {
      rest -= seconds
      text += line(seconds, report.times.mean, kind)
    }
    if report.work.seconds.count > 1 { text += line(max(rest, 0), report.times.mean, "everything else") }
    return text
  }

  private static func text(_ roofline: Roofline) -> String {
    let (demand, peaks) = (roofline.demand, roofline.peaks)
    func share(_ part: Double) -> String { "\(rounded(100 * part)) %" }
    var text = "\(short(demand.bytes * 1e-9)) GB at least, \(share(roofline.memoryShare)) of "
    text += "\(short(peaks.bandwidth * 1e-9)) GB/s"
    if demand.operations > 0 {
      text += "; \(short(demand.float32 * 1e-9)) GFLOP done in float32 at "
      text += "\(rounded(peaks.float32 * 1e-9)) GFLOP/s"
      if demand.bfloat16 > 0, let peak = peaks.bfloat16 {
        text += " and \(short(demand.bfloat16 * 1e-9)) in bfloat16 at \(rounded(peak * 1e-9))"
      }
      text += " would be \(share(roofline.arithmeticShare)) of the time"
    }
    return text + ": limited by \(roofline.limit.rawValue)\n"
  }

  private static func line(_ seconds: Double, _ whole: Double, _ kind: String) -> String {
    let share = String(rounded(100 * seconds / whole))
    let time = BenchOptions.text(seconds)
    return padded(time, 12) + padded(share, 5) + " %  \(kind)\n"
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func rounded(_ number: Double) -> Int { Int(number.rounded()) }

  /// About three digits.
  private static func short(_ number: Double) -> String {
    let digits = number >= 100 ? 1.0 : number >= 10 ? 10.0 : 1000.0
    return CanonicalNumber.text((number * digits).rounded() / digits)
  }

  /// Three or four digits and a unit.
  static func text(_ seconds: Double) -> String {
    let (number, unit) =
      seconds >= 1 ? (seconds, "s") : seconds >= 1e-3 ? (seconds * 1e3, "ms") : (seconds * 1e6, "us")
    if number >= 100 { return "\(rounded(number)) \(unit)" }
    let digits = number >= 10 ? 10.0 : 100.0
    return "\((number * digits).rounded() / digits) \(unit)"
  }
}

/// Height and width on the command line, such as `256x512`.
struct BenchSize: ExpressibleByArgument {
  let height: Int
  let width: Int
  let text: String

  /// Takes any text, so that `check` can say what is wrong with it.
  init(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    let sizes = parts.compactMap { $0 }
    (height, width) = parts.count == 2 && sizes.count == 2 ? (sizes[0], sizes[1]) : (0, 0)
    text = argument
  }

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
    text = "\(height)x\(width)"
  }

  var defaultValueDescription: String { text }
  var pair: (height: Int, width: Int) { (height, width) }

  func check(_ option: String, _ range: ClosedRange<Int>) throws {
    guard range.contains(height) && range.contains(width) else {
      throw ValidationError(
        "\(option) \(text): height x width such as 256x512, each \(range.lowerBound) to \(range.upperBound)")
    }
  }
}

enum BenchCheck {
  static func range(_ value: Int, _ option: String, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError("\(option) \(value): \(range.lowerBound) to \(range.upperBound) are allowed")
    }
  }

  /// - Parameter name: `jml` stands for the paper's sum of cross entropy and JML1.
  static func loss(_ name: String, _ registry: Registry) throws -> LossDefinition {
    try named(name == "jml" ? "ce_jml" : name, registry.losses, "--loss")
  }

  static func named<Spec>(_ name: String, _ specs: [String: Spec], _ option: String) throws -> Spec {
    guard let spec = specs[name] else {
      throw RegistryError.brokenReference(
        file: "experiments", path: option, value: name, allowed: specs.keys.sorted())
    }
    return spec
  }
}

extension JSONValue {
  /// Without quotes around a string.
  fileprivate var plainText: String {
    switch self {
    case .string(let text): return text
    case .array(let items): return items.map(\.plainText).joined(separator: " ")
    case .null: return "none"
    case .bool, .int, .number, .object: return canonical
    }
  }
}
