import Foundation
import JSON
import Results
import Site
import TestSupport
import Testing

/// What pages say of what records say.
@Suite struct ContentTests {
  private func pages(_ change: (URL) throws -> Void = { _ in }) throws -> [String: String] {
    try withTemporaryDirectory { folder in
      let results = try Records.results(in: folder)
      try change(results)
      return try Records.site(Records.records(results))
    }
  }

  @Test func cellsShowOursThePapersAndTheDifference() throws {
    let page = try #require(try pages()["tables/table01/index.html"])
    #expect(page.contains("<span class=\"v\">21.00</span> <span class=\"s\">± 0.50</span>"))
    #expect(page.contains("paper 72.88 ± 0.44"))
    #expect(page.contains(">Δ −51.88 · n = 2<"))
    #expect(page.contains("n = 1 of 3"))
    // Two of the three runs of that cell are not finished: nobody can tell which one the value is of.
    #expect(page.contains("<th scope=\"row\">1</th><td class=\"num\">20.50</td>"))
    #expect(page.contains("title=\"no run of this cell is finished\">pending"))
    #expect(page.contains(">quoted</span>"))
    // A difference has its sign, and the paper's its own.
    #expect(page.contains("<span class=\"v\">−0.50</span>"))
    #expect(page.contains("paper +1.10"))
    #expect(page.contains("not comparable"))
    #expect(page.contains("<li>A <code>note</code> &amp; more.</li>"))
  }

  @Test func boxesTellWhereANumberComesFrom() throws {
    let page = try #require(try pages()["tables/table01/index.html"])
    let id = Records.id("ce", seed: 1)
    #expect(
      page.contains("<a href=\"../../runs/\(id)/index.html\"><code>\(id.suffix(16).prefix(8))</code></a>"))
    #expect(page.contains("<td class=\"num\">21.50</td>"))
    #expect(page.contains("<dt>Commit</dt><dd>0123456789</dd>"))
    #expect(page.contains("<dt>Data</dt><dd>cityscapes, embedded-1</dd>"))
    #expect(page.contains("12 s") || page.contains("13 s"))
  }

  @Test func sparklinesAreOfTheCellsOwnNights() throws {
    let page = try #require(try pages()["tables/table01/index.html"])
    #expect(page.components(separatedBy: "id=\"spark-").count == 3)
    #expect(page.contains("1 night, the newest at the right."))
    let without = try pages {
      try FileManager.default.removeItem(at: $0.appendingPathComponent("regression"))
    }
    #expect(without["tables/table01/index.html"]?.contains("spark-") == false)
    #expect(without["nightly/index.html"]?.contains("No night has been recorded") == true)
  }

  @Test func nightsOfBothFormsAreRead() throws {
    let page = try #require(try pages()["nightly/index.html"])
    #expect(page.contains("3 nights, the newest first."))
    #expect(page.contains("<span class=\"badge bad\">regressed</span>"))
    #expect(page.contains("table01, Net, CE: 20.00, reference 21.00"))
    // A line that somebody was killed while writing.
    #expect(page.contains("1 line of the history could not be read."))
    #expect(
      page.contains("None can be told yet: that takes 6 nights of a cell, and no cell has more than 1."))
  }

  /// Seven nights of one level and four of another; one diverged, and one was of other values.
  @Test func changePointsAreNamedAndDrawn() throws {
    let values = [21.5, 21.5, nil, 21.5, 21.5, 99, 21.5, 21.5, 21.5, 19.25, 19.25, 19.25, 19.25]
    let lines = values.enumerated().map { day, value in
      let overrides = value == 99 ? #""overrides": ["loss.smooth=2"], "# : ""
      let mean = value.map { "\"mean\": \($0), " } ?? ""
      return """
        {"date": "2026-02-\(10 + day)", "name": "smoke", "profile": "mini", "verdict": "passed", \(overrides)\
        "commit": "c\(day)", "cells": [{"place": {"table": "table01", "row": ["Net B", "mIoU"], "column": "CE"}, \
        \(mean)"n": 3}]}

        """
    }
    let pages = try pages { try Records.write(lines.joined(), "regression/history/2026-02-10.jsonl", in: $0) }
    let page = try #require(pages["nightly/index.html"])
    #expect(page.contains("<li>2026-02-19, smoke, commit <code>c9</code>"))
    #expect(
      page.contains("<li>Table 1, Net B, mIoU, CE: from 21.50 (7 nights) to 19.25 (4 nights)</li>"))
    #expect(page.contains("From 21.50 to 19.25. 1 change point, 2026-02-19 to 19.25."))
    // Two levels and where the second begins.
    #expect(page.components(separatedBy: "stroke-orange").count == 4)
    #expect(page.contains("<span class=\"sub\">with loss.smooth=2</span>"))
    let json = try JSONValue(parsing: try #require(pages["nightly/page.json"]))
    guard case .array(let changes)? = json["change_points"], let change = changes.first else {
      Issue.record("page.json has no change point")
      return
    }
    #expect(change["before"]?.double == 21.5 && change["nights_after"]?.double == 4)
  }

  /// Nights name no reference; the accepted one lies beside the history.
  @Test func referencesComeFromWhatIsAccepted() throws {
    let place = #"{"table": "table01", "row": ["Net B", "mIoU"], "column": "CE"}"#
    let pages = try pages {
      try Records.write(
        """
        {"date": "2026-02-10", "name": "mini", "profile": "mini", "cells": [{"place": \(place), "mean": 20, "n": 1}]}

        """, "regression/history/2026-02-10.jsonl", in: $0)
      try Records.write(
        """
        {"schema": 1, "name": "mini", "history": [], "current": {"tier": "mini", "profile": "mini", "reason": "first",
         "date": "2026-02-11", "source": "published", "commit": "c", "numerics": 5, "data": {},
         "machine": {"cpu": "CPU", "threads": 1},
         "cells": [{"place": \(place), "metric": "miou", "point": "last", "mean": 20.75, "std": 0, "n": 1, "problems": [],
          "replicates": [{"seed": 0, "run": "r", "value": 20.75}]}]}}
        """, "regression/mini.json", in: $0)
    }
    #expect(pages["nightly/index.html"]?.contains("<td class=\"num\">20.75</td>") == true)
  }

  @Test func claimsCountBothSides() throws {
    let pages = try pages()
    let list = try #require(pages["claims/index.html"])
    #expect(
      list.contains(
        "by the paper’s own numbers: 2 hold, 0 fail, 0 cannot be decided; by ours: 1 hold, 0 fail, 1 cannot be decided"
      ))
    #expect(list.contains("data-ours=\"not decidable\""))
    let claim = try #require(pages["claims/A01-first/index.html"])
    #expect(claim.contains("3 runs are not finished"))
    #expect(claim.contains("CE 21.00 ± 0.50 (n = 2)"))
    #expect(claim.contains("more than half of its comparisons"))
    #expect(pages["index.html"]?.contains("Claims that hold in our numbers") == true)
  }

  @Test func speedIsARatioOfPairs() throws {
    let page = try #require(try pages()["speed/index.html"])
    #expect(page.contains("2.50×") && page.contains("2.00×"))
    #expect(page.contains("channels_last"))
    #expect(page.contains("a 1, b 2"))
    #expect(page.contains("step a: A &lt;note&gt;."))
  }

  @Test func aRunThatIsNotHereSaysWhatTrainsIt() throws {
    let page = try #require(try pages()["runs/\(Records.id("ce", seed: 0))/index.html"])
    #expect(page.contains("jml run --table 1 --profile mini"))
    #expect(page.contains("Table 1</a>"))
    #expect(!page.contains("<svg"))
  }

  @Test func aRunThatIsHereShowsItsCounts() throws {
    try withTemporaryDirectory { folder in
      let results = try Records.results(in: folder)
      let root = results.appendingPathComponent("mini")
      try Records.finish("ce", seed: 0, in: root)
      let id = Records.id("ce", seed: 0)
      let store = ResultStore(root: root)
      let result = try store.result(id)
      var records = try Records.records(results)
      var entry = RunEntry(result, log: try store.log(id))
      entry.detail?.confusion = (0..<5).map { row in (0..<5).map { Int64($0 == row ? 9 : 1) } }
      entry.detail?.pictures = [.init(title: "a picture", png: Data([1, 2]), width: 4, height: 3)]
      records.runs = [entry]
      let pages = try Records.site(records)
      let page = try #require(pages["runs/\(id)/index.html"])
      #expect(page.components(separatedBy: "<svg").count == 7)
      #expect(page.contains("<img src=\"picture1.png\" alt=\"a picture\" width=\"4\" height=\"3\""))
      #expect(pages["runs/\(id)/picture1.png"] != nil)
      #expect(page.contains("swift 6.3") && page.contains("with changes"))
      let json = try JSONValue(parsing: try #require(pages["runs/\(id)/page.json"]))
      let counts = result.evaluations[0].evaluation.evaluation.confusion.totals.truePositives
      #expect(json["detail"]?["true_positives"] == .array(counts.map { .int(Int($0)) }))
    }
  }

  @Test func aRunThatWasEvaluatedOnTheWayHasACurve() throws {
    try withTemporaryDirectory { folder in
      let results = try Records.results(in: folder)
      let root = results.appendingPathComponent("mini")
      try Records.finish("ce", seed: 0, in: root)
      let id = Records.id("ce", seed: 0)
      let result = try ResultStore(root: root).result(id)
      let lines = [(10, nil), (15, "student")].map { iteration, network -> JSONValue in
        var members: [String: JSONValue] = [
          "iteration": .int(iteration), "evaluation": .object(["miou": .number(7.25)]),
        ]
        if let network { members["network"] = .string(network) }
        return .object(members)
      }
      var records = try Records.records(results)
      records.runs = [RunEntry(result, log: lines)]
      let pages = try Records.site(records)
      #expect(pages["runs/\(id)/index.html"]?.contains("mIoU against iterations") == true)
      let json = try JSONValue(parsing: try #require(pages["runs/\(id)/page.json"]))
      let last = try #require(result["last"]?.evaluation.values["miou"])
      #expect(
        json["detail"]?["miou"]
          == .array([.array([.int(10), .number(7.25)]), .array([.int(20), .number(last)])]))
    }
  }

  @Test func namesThatAreNoFoldersAreRefused() throws {
    #expect(throws: ResultsError.self) {
      try pages { folder in
        let file = folder.appendingPathComponent("mini/claims.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "A02-second", with: "../escape").utf8).write(to: file)
      }
    }
    #expect(throws: ResultsError.self) {
      try pages { folder in
        let file = folder.appendingPathComponent("mini/runs.jsonl")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacingOccurrences(of: Records.id("ce", seed: 1), with: "../../x").utf8).write(
          to: file)
        try Records.seal(folder)
      }
    }
  }

  @Test func aRecordThatLacksSomethingIsNamed() throws {
    do {
      _ = try pages { folder in
        let file = folder.appendingPathComponent("mini/table01.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "\"row_headers\"", with: "\"headers\"").utf8).write(to: file)
      }
      Issue.record("a table without row headers was taken")
    } catch let error as ResultsError {
      #expect(error.description.contains("table01.json"))
      #expect(error.description.contains("row_headers"))
    }
  }
}
