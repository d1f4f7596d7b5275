import Experiments
import Foundation
import Tables
import TestSupport
import Testing

/// CSV, LaTeX and HTML of every table of the paper, with results that are made up.
@Suite(.serialized) struct FormatTests {
  private static let tables = (1...15).map { $0 < 10 ? "table0\($0)" : "table\($0)" }

  private func documents(_ tables: [String], figures: [String] = []) throws -> [TableDocument] {
    let made = PaperTablesSnapshotTests()
    let plan = try made.plan(tables, figures: figures)
    let summaries = made.everythingDone(plan)
    return plan.tables.map { TableDocument($0, plan: plan) { summaries[$0] ?? .pending } }
      + plan.sweeps.map { TableDocument($0, plan: plan) { summaries[$0] ?? .pending } }
  }

  private func text(_ name: String, _ format: TableFormat) throws -> String {
    let isTable = name.hasPrefix("table")
    return try #require(documents(isTable ? [name] : [], figures: isTable ? [] : [name]).first).text(format)
  }

  /// Footnotes, the best of a row, differences of rows; a table that is half done is among `TableTests`.
  @Test(arguments: [
    ("table08", TableFormat.latex, "tex"), ("table08", .html, "html"), ("table14", .csv, "csv"),
  ])
  func looks(_ name: String, _ format: TableFormat, _ ending: String) throws {
    try expectSnapshot(try text(name, format), "\(name)-mini-done.\(ending)")
  }

  @Test func checkMarksSayWhatTheyNeed() throws {
    let marks = try text("table06", .latex)
    #expect(marks.hasPrefix("% Needs \\usepackage{booktabs} \\usepackage{amssymb}\n"))
    #expect(marks.contains("    $\\checkmark$ & $\\checkmark$ & -- & -- & -- & "))
    #expect(try text("table04", .latex).hasPrefix("% Needs \\usepackage{booktabs}\n"))
  }

  /// A sweep is a table whose rows are points.
  @Test func pointsOfASweep() throws {
    let csv = records(try text("figure05", .csv))
    #expect(csv.dropFirst().allSatisfy { $0[0] == "figure05" && $0[10] == "value" && $0[7].isEmpty })
    let latex = try text("figure05", .latex)
    #expect(latex.contains("\\label{tab:figure05}") && latex.contains("    Series & label.epsilon & "))
    #expect(try text("figure05", .html).contains("<th scope=\"col\">label.epsilon</th>"))
  }

  // MARK: CSV

  /// A reader of RFC 4180 by the grammar of its section 2.
  private func records(_ csv: String) -> [[String]] {
    var records: [[String]] = [[]]
    var field = ""
    var isQuoted = false
    let scalars = Array(csv.unicodeScalars)
    var place = 0
    while place < scalars.count {
      let next = place + 1 < scalars.count ? scalars[place + 1] : nil
      switch scalars[place] {
      case "\"" where isQuoted && next == "\"":
        field += "\""
        place += 1
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        records[records.count - 1].append(field)
        field = ""
      case "\r" where !isQuoted && next == "\n":
        records[records.count - 1].append(field)
        field = ""
        records.append([])
        place += 1
      default: field.unicodeScalars.append(scalars[place])
      }
      place += 1
    }
    // The last record has its line end as well.
    #expect(!isQuoted && field.isEmpty && records.last == [])
    return records.dropLast()
  }

  @Test func oneRecordForEveryCell() throws {
    let documents = try documents(Self.tables, figures: ["figure04"])
    let all = records(TableDocument.text(documents, .csv))
    #expect(all.allSatisfy { $0.count == 15 })
    #expect(all.count { $0[0] == "table" } == 1)
    var cells = 0
    for document in documents {
      let one = records(document.text(.csv))
      #expect(one[0] == all[0] && one.dropFirst().allSatisfy { $0[0] == document.name })
      cells += one.count - 1
    }
    #expect(all.count == 1 + cells)
    for record in all.dropFirst() {
      if let mean = Double(record[4]), let paper = Double(record[7]), let difference = Double(record[9]) {
        #expect(abs(mean - paper - difference) < 1e-9)
      }
      #expect((record[10] == "value") == !record[4].isEmpty, "\(record)")
    }
  }

  @Test func fieldsThatNeedQuotes() throws {
    let plan = try TemporaryTables.plan(
      "table97",
      """
      number: 97
      title: Own & <"other"> 100 % _x_
      row_headers: ["A|B"]
      defaults: {dataset: cityscapes, recipe: sgd_cityscapes, model: deeplabv3_resnet18d, label: hard, seeds: [0],
        metric: miou}
      columns: [{title: 'C, "E"', kind: run, loss: ce}]
      rows: [{labels: ["[a] & $b$ \\\\ {c} #1 ~ ^"]}]
      notes: ["Code `a_b <c>`, **strong** 5 * 3"]

      """)
    let summary = RunSummary(state: .failed(reason: "no, \"really\"\nno"))
    let document = TableDocument(try #require(plan.tables.first), plan: plan) { _ in summary }
    let csv = document.text(.csv)
    #expect(csv.contains("\"C, \"\"E\"\"\""))
    let record = try #require(records(csv).last)
    #expect(record[1] == "[a] & $b$ \\ {c} #1 ~ ^" && record[2] == "C, \"E\"")
    #expect(record[10] == "failed" && record[11] == "failed: no, \"really\" no")

    let latex = document.text(.latex)
    #expect(
      latex.contains(
        "{[}a{]} \\& \\$b\\$ \\textbackslash{} \\{c\\} \\#1 \\textasciitilde{} \\textasciicircum{} & failed"))
    #expect(latex.contains("\\caption[Own \\& \\textless{}``other''\\textgreater{} 100 \\% \\_x\\_]{%"))
    #expect(latex.contains("Code \\texttt{a\\_b \\textless{}c\\textgreater{}}, \\textbf{strong} 5 * 3\\par"))
    #expect(latex.contains("A\\textbar{}B & C, ``E'' \\\\"))

    let html = document.text(.html)
    #expect(html.contains("<caption>Table 97. Own &amp; &lt;&quot;other&quot;&gt; 100 % _x_</caption>"))
    #expect(html.contains("<li>Code <code>a_b &lt;c&gt;</code>, <strong>strong</strong> 5 * 3</li>"))
    #expect(html.contains("title=\"failed: no, &quot;really&quot; no\""))
  }

  // MARK: LaTeX

  /// What keeps LaTeX from compiling: environments and braces that do not match, rows of other widths, characters that it
  /// would obey or does not know.
  @Test func latexIsWhole() throws {
    for document in try documents(Self.tables, figures: ["figure04"]) { checkLaTeX(document) }
  }

  private func checkLaTeX(_ document: TableDocument) {
    let name = document.name
    let lines = document.text(.latex).split(separator: "\n").filter { !$0.hasPrefix("%") }
    var open: [Substring] = []
    var columns: Int?
    var depth = 0
    for line in lines {
      let isRow = line.hasSuffix(" \\\\")
      let plain = line.replacing("\\\\", with: "")
      for match in plain.matches(of: /\\(begin|end)\{(\w+)\}/) {
        if match.1 == "begin" {
          open.append(match.2)
        } else {
          #expect(open.popLast() == match.2, "\(name): \(line)")
        }
      }
      if let match = plain.firstMatch(of: /\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}/) {
        columns = match.1.count
      }
      let bare = plain.replacing(/\\[\\{}$&#_%]/, with: "")
      if isRow { #expect(bare.count { $0 == "&" } + 1 == columns, "\(name): \(line)") }
      depth += bare.count { $0 == "{" } - bare.count { $0 == "}" }
      #expect(depth >= 0 && bare.count { $0 == "$" } % 2 == 0, "\(name): \(line)")
      if !isRow { #expect(!bare.contains("&"), "\(name): \(line)") }
      // `%` ends a line of the caption on purpose.
      #expect(
        !bare.dropLast().contains("%") && !bare.contains("#") && !bare.contains("~"), "\(name): \(line)")
      let mathFree = bare.replacing(/\$[^$]*\$/, with: "")
      #expect(!mathFree.contains("^") && !mathFree.contains("_"), "\(name): \(line)")
      #expect(bare.allSatisfy { $0.isASCII || $0 == "á" }, "\(name): \(line)")
    }
    #expect(open.isEmpty && depth == 0 && columns != nil)
    #expect(lines.count { $0.contains("\\label{tab:\(name)}") } == 1)
  }

  // MARK: HTML

  @Test func htmlIsWhole() throws {
    for document in try documents(Self.tables, figures: ["figure04"]) { checkHTML(document) }
  }

  private func checkHTML(_ document: TableDocument) {
    let name = document.name
    let html = document.text(.html)
    var open: [Substring] = []
    for match in html.matches(of: /<(\/?)([a-z]+)((?: [a-z\-]+="[^"<>]*")*)>/) {
      if match.2 == "br" { continue }
      if match.1.isEmpty {
        open.append(match.2)
      } else {
        #expect(open.popLast() == match.2, "\(name): </\(match.2)>")
      }
    }
    #expect(open.isEmpty)
    // Nothing that looks like a tag is left, and every & is one of the escapes.
    let rest = html.replacing(/<\/?[a-z]+(?: [a-z\-]+="[^"<>]*")*>/, with: "")
    #expect(!rest.contains("<") && !rest.contains(">"))
    #expect(rest.replacing(/&(amp|lt|gt|quot|#39);/, with: "").contains("&") == false)
    #expect(!html.contains("<script") && !html.contains("style="))
    #expect(
      html.contains("<caption>") && html.contains("<th scope=\"col\">") && html.contains("<th scope=\"row\">")
    )
    // Rows are as wide as the header.
    let rows = html.split(separator: "\n").filter { $0.hasPrefix("<tr>") }
    let widths = Set(rows.map { $0.matches(of: /<t[hd]\s/).count })
    #expect(widths.count == 1)
    // Letters of footnotes lead to them.
    for match in html.matches(of: /href="#([^"]*)"/) { #expect(html.contains("<li id=\"\(match.1)\">")) }
  }
}
