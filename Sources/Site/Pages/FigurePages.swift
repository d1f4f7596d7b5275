import Foundation
import JSON
import Results

/// Figures of the paper, as they were drawn into the folder of results.
struct FigurePages {
  private let figures: [FigureRecord]

  init(_ index: SiteIndex) { figures = index.records.figures }

  /// Larger ones are linked, not shown, so that no page is heavy.
  static let largestShown = 250_000

  private struct List {
    let hasFigures: Bool
    let entries: [Href]
  }

  private struct View {
    let heading: String
    let number: Int
    let file: String
    let isShown: Bool
    let width: Int
    let height: Int
    let size: String
  }

  var pages: [SitePage] { [list] + figures.map(page) }

  var files: [GeneratedFolder.File] {
    figures.map { GeneratedFolder.File(path: "\(Self.folder($0))/\($0.file)", data: $0.data) }
  }

  private static func folder(_ figure: FigureRecord) -> String { "figures/figure\(figure.number)" }

  private var list: SitePage {
    SitePage(
      folder: "figures", title: "Figures", description: "The paper's figures, drawn anew.",
      section: "figures", template: "figures",
      content: List(
        hasFigures: !figures.isEmpty,
        entries: figures.map {
          Href("Figure \($0.number). \($0.title)", "figure\($0.number)/index.html")
        }),
      json: .object([
        "figures": .array(figures.map { .object(["number": .int($0.number), "title": .string($0.title)]) })
      ]))
  }

  private func page(_ figure: FigureRecord) -> SitePage {
    SitePage(
      folder: Self.folder(figure), title: "Figure \(figure.number)", description: figure.title,
      section: "figures", crumbs: [.init(text: "Figures", path: "figures")], template: "figure",
      content: View(
        heading: figure.title, number: figure.number, file: figure.file,
        isShown: figure.data.count <= Self.largestShown && figure.size != nil, width: figure.size?.width ?? 0,
        height: figure.size?.height ?? 0, size: "\(figure.data.count / 1000) kB"),
      json: .object([
        "number": .int(figure.number), "title": .string(figure.title), "file": .string(figure.file),
      ]))
  }
}
