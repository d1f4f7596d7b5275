import Foundation

/// `faults --jml PROGRAM --package CHECKOUT [--count N] [--seed N] [--only NAME,NAME] [--keep FOLDER] [--json]`
///
/// Exit codes: 0 without findings, 1 with some, 2 where the campaign itself could not be made.
@main enum Main {
  static func main() {
    do {
      let options = try Main.options(Array(CommandLine.arguments.dropFirst()))
      let clock = Stopwatch()
      let campaign = try Campaign(options)
      let interrupted = Main.whenInterrupted { campaign.removeScratch() }
      defer { for source in interrupted { source.cancel() } }
      do {
        try campaign.makeReference()
        for fault in Campaign.faults where options.only.isEmpty || options.only.contains(fault.name) {
          try fault.attempt(campaign, options.count)
        }
      } catch {
        campaign.removeScratch()
        throw error
      }
      let text =
        options.isJSON
        ? try campaign.report.json(seconds: clock.seconds) : campaign.report.text(seconds: clock.seconds)
      FileHandle.standardOutput.write(Data(text.utf8))
      campaign.removeScratch()
      if !campaign.report.findings.isEmpty { exit(1) }
    } catch {
      FileHandle.standardError.write(Data("faults: error: \(error)\n".utf8))
      exit(2)
    }
  }

  /// A campaign that is stopped leaves nothing behind either.
  private static func whenInterrupted(_ clean: @escaping () -> Void) -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        clean()
        exit(130)
      }
      source.resume()
      return source
    }
  }

  private static func options(_ arguments: [String]) throws -> Campaign.Options {
    var options = Campaign.Options()
    options.seed = UInt64.random(in: 1...999_999)
    var rest = arguments[...]
    func value(_ name: String) throws -> String {
      guard let value = rest.popFirst(), !value.isEmpty else {
        throw CampaignError.usage("\(name) needs a value")
      }
      return value
    }
    func number<Number: FixedWidthInteger>(_ name: String, _ range: ClosedRange<Number>) throws -> Number {
      let text = try value(name)
      guard let number = Number(text), range.contains(number) else {
        throw CampaignError.usage("\(name) \(text): allowed: \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    while let name = rest.popFirst() {
      switch name {
      case "--jml": options.jml = URL(fileURLWithPath: try value(name)).path
      case "--package": options.package = URL(fileURLWithPath: try value(name)).path
      case "--count": options.count = try number(name, 1...100_000)
      case "--seed": options.seed = try number(name, 0...UInt64.max)
      case "--only": options.only = try value(name).split(separator: ",").map(String.init)
      case "--keep": options.keep = URL(fileURLWithPath: try value(name)).path
      case "--json": options.isJSON = true
      default: throw CampaignError.usage("option \(name) is not known")
      }
    }
    guard !options.jml.isEmpty, !options.package.isEmpty else {
      throw CampaignError.usage("--jml and --package are needed")
    }
    let known = Campaign.faults.map(\.name)
    if let stray = options.only.first(where: { !known.contains($0) }) {
      throw CampaignError.usage("--only \(stray): allowed: \(known.joined(separator: ", "))")
    }
    return options
  }
}

extension Campaign {
  /// In the order in which they are tried. Of a count of 20 signals each other kind gets a few.
  static var faults: [(name: String, attempt: (Campaign, Int) throws -> Void)] {
    /// At most `most`: after that there is nothing new.
    func share(_ count: Int, _ part: Int, most: Int) -> Int { min(max(count / part, 1), most) }
    return [
      ("signals", { try $0.signals($1) }),
      ("calls", { try $0.calls(share($1, 1, most: 1200), verbs: share($1, 4, most: 100)) }),
      ("sizes", { try $0.fileSizes(share($1, 4, most: 40)) }),
      ("disk", { try $0.fullDisk(share($1, 4, most: 40)) }),
      ("readonly", { campaign, _ in try campaign.readOnly() }),
      ("vanished", { try $0.vanished(share($1, 4, most: 50)) }),
      ("pictures", { try $0.pictures(share($1, 5, most: 40)) }),
      ("clocks", { try $0.clocks(share($1, 10, most: 20)) }),
      ("runners", { try $0.runners(share($1, 10, most: 20)) }),
      ("handles", { try $0.handles(share($1, 4, most: 37)) }),
      ("memory", { try $0.memory(share($1, 4, most: 40)) }),
      ("locks", { campaign, _ in try campaign.locks() }),
      ("checkpoints", { try $0.checkpoints(share($1, 2, most: 16)) }),
    ]
  }
}
