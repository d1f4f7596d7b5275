import Foundation
import JSON
import Results
import Site
import TestSupport
import Testing

/// What holds for every page, whatever the records say.
@Suite struct PageLawTests {
  /// Pages of the small folder, one run of which is in the store.
  private static let files: Result<[String: String], any Error> = Result {
    try withTemporaryDirectory { folder in
      let results = try Records.results(in: folder)
      let root = results.appendingPathComponent("mini")
      try Records.finish("ce", seed: 0, in: root)
      var records = try Records.records(results)
      let id = Records.id("ce", seed: 0)
      let store = ResultStore(root: root)
      records.runs = try records.runs.map {
        $0.id == id ? RunEntry(try store.result(id), log: try store.log(id)) : $0
      }
      return try Records.site(records)
    }
  }

  private var files: [String: String] { get throws { try PageLawTests.files.get() } }

  private var pages: [(path: String, html: String, markup: Markup)] {
    get throws {
      try files.sorted { $0.key < $1.key }.filter { $0.key.hasSuffix(".html") }.map {
        (path: $0.key, html: $0.value, markup: try Markup($0.value))
      }
    }
  }

  @Test func everyKindOfPageIsThere() throws {
    let paths = try files.keys
    for page in [
      "", "tables/", "tables/table01/", "tables/table02/", "claims/", "claims/A01-first/", "runs/",
      "runs/cityscapes/", "runs/\(Records.id("ce", seed: 0))/", "figures/", "figures/figure2/", "nightly/",
      "speed/",
    ] {
      #expect(paths.contains("\(page)index.html"))
    }
  }

  /// Beside every page lies its data.
  @Test func everyPageHasItsJSON() throws {
    let files = try files
    for (path, _, markup) in try pages {
      let data = path.replacingOccurrences(of: "index.html", with: "page.json")
      _ = try JSONValue(parsing: try #require(files[data], "\(data) is missing"))
      #expect(markup.values(of: "href").contains("page.json"))
    }
  }

  @Test func linksAndAnchorsResolve() throws {
    let files = try files
    let pages = try pages
    let ids = Dictionary(uniqueKeysWithValues: pages.map { ($0.path, Set($0.markup.ids)) })
    for (path, _, markup) in pages {
      for link in markup.values(of: "href") + markup.values(of: "src") where link != "data:," {
        #expect(!link.contains(":") && !link.hasPrefix("/"), "\(path) leads away to \(link)")
        let parts = link.split(separator: "#", omittingEmptySubsequences: false)
        var folders = path.split(separator: "/").dropLast().map(String.init)
        for part in parts[0].split(separator: "/") where part != "." {
          if part == ".." {
            try #require(!folders.isEmpty, "\(path): \(link) leaves the site")
            folders.removeLast()
          } else {
            folders.append(String(part))
          }
        }
        let target = parts[0].isEmpty ? path : folders.joined(separator: "/")
        #expect(files[target] != nil, "\(path): \(link) is no file of the site")
        if parts.count == 2 {
          #expect(
            ids[target]?.contains(String(parts[1])) == true, "\(path): \(link) has no such place")
        }
      }
    }
  }

  @Test func idsAreUniqueAndReferencesResolve() throws {
    for (path, _, markup) in try pages {
      let ids = markup.ids
      #expect(Set(ids).count == ids.count, "\(path) repeats an id")
      let references =
        ["aria-labelledby", "aria-describedby"].flatMap { name in
          markup.values(of: name).flatMap { $0.split(separator: " ").map(String.init) }
        } + ["for", "popovertarget", "data-for"].flatMap { markup.values(of: $0) }
      for reference in references {
        #expect(ids.contains(reference), "\(path) refers to '\(reference)'")
      }
    }
  }

  @Test func headingsDescendOneByOne() throws {
    for (path, _, markup) in try pages {
      let levels = markup.headings
      #expect(levels.first == 1 && levels.count { $0 == 1 } == 1, "\(path): \(levels)")
      for (before, after) in zip(levels, levels.dropFirst()) {
        #expect(after <= before + 1, "\(path): \(levels)")
      }
    }
  }

  @Test func everyPictureIsDescribed() throws {
    var drawings = 0
    for (path, _, markup) in try pages {
      for tag in markup.tags where tag.name == "img" && !tag.isEnd {
        #expect(tag.attributes["alt"]?.isEmpty == false, "\(path): a picture without words")
      }
      let open = markup.tags.filter { !$0.isEnd }
      for (place, tag) in open.enumerated() where tag.name == "svg" {
        drawings += 1
        #expect(tag.attributes["role"] == "img")
        #expect(open.dropFirst(place + 1).prefix(2).map(\.name) == ["title", "desc"], "\(path)")
      }
    }
    #expect(drawings >= 8)
  }

  @Test func pagesCanBeWalkedByKeyboardAndReader() throws {
    for (path, html, markup) in try pages {
      let open = markup.tags.filter { !$0.isEnd }
      #expect(html.hasPrefix("<!doctype html>\n<html lang=\"en\">"), "\(path)")
      let firstLink = open.first { $0.name == "a" }
      #expect(firstLink?.attributes["class"] == "skip" && firstLink?.attributes["href"] == "#main")
      #expect(open.count { $0.name == "main" } == 1)
      #expect(open.filter { $0.name == "button" }.allSatisfy { $0.attributes["type"] != nil }, "\(path)")
      #expect(!html.contains("onclick") && !html.contains(" style="), "\(path)")
      // What scrolls by itself can be reached by the keyboard, and has a name.
      for tag in open where tag.attributes["class"] == "scroll" {
        #expect(tag.attributes["tabindex"] == "0" && tag.attributes["aria-label"]?.isEmpty == false)
      }
      for tag in open where tag.name == "th" {
        #expect(["col", "row"].contains(tag.attributes["scope"] ?? ""), "\(path)")
      }
    }
  }

  @Test func pagesAreLight() throws {
    let files = try files
    let shared = ["site.css", "site.js"].reduce(0) { $0 + (files[$1]?.utf8.count ?? 0) }
    #expect(shared < 40_000)
    for (path, html, _) in try pages { #expect(html.utf8.count + shared < 300_000, "\(path)") }
  }

  /// Text of records is text, wherever it stands.
  @Test func recordsCannotWriteMarkup() throws {
    for (path, html, markup) in try pages {
      let scripts = markup.tags.filter { $0.name == "script" && !$0.isEnd }
      #expect(scripts.count == 1 && scripts.first?.attributes["src"]?.hasSuffix("site.js") == true, "\(path)")
      #expect(!html.contains("<script>") && !html.contains("<b>beats"), "\(path)")
    }
    let files = try files
    for path in [
      "tables/table01/index.html", "runs/\(Records.id("ce", seed: 0))/index.html",
      "claims/A02-second/index.html",
      "nightly/index.html",
    ] {
      #expect(files[path]?.contains("&lt;script&gt;alert(") == true, "\(path)")
    }
  }

  @Test func sameRecordsGiveTheSameBytes() throws {
    try withTemporaryDirectory { folder in
      let results = try Records.results(in: folder)
      let first = try Site(Records.records(results)).files
      let second = try Site(Records.records(results)).files
      #expect(first.map(\.path) == second.map(\.path))
      #expect(first.map(\.data) == second.map(\.data))
      #expect(Set(first.map(\.path)).count == first.count)
    }
  }
}
