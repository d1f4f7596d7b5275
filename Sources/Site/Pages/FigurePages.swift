import Foundation
import JSON
import Results

/// Figures of the paper, as they were drawn into the folder of results.
struct FigurePages {
  private let figures: [FigureRecord]

  init(_ index: SiteIndex) { figures = index.records.figures }

  private struct List {
    let hasFigures: Bool
    let entries: [Href]
  }

  private struct View {
    let heading: String
    let number: Int
    let file: String
    /// The file itself, or a smaller one so that no page is heavy; heavier drawings are linked alone.
    let isShown: Bool
    let shown: String
    let isPreview: Bool
    let width: Int
    let height: Int
    let size: String
  }

  var pages: [SitePage] { [list] + figures.map(page) }

  var files: [GeneratedFolder.File] {
    figures.flatMap { figure in
      [GeneratedFolder.File(path: "\(Self.folder(figure))/\(figure.file)", data: figure.data)]
        + (figure.preview.map {
          [GeneratedFolder.File(path: "\(Self.folder(figure))/\(Self.previewName(figure))", data: $0.png)]
        } ?? [])
    }
  }

  private static func folder(_ figure: FigureRecord) -> String { "figures/figure\(figure.number)" }

  private static func previewName(_ figure: FigureRecord) -> String { "figure\(figure.number)-small.png" }

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
    let isLight = figure.data.count <= FigureRecord.largestShown
    let size: (width: Int, height: Int)? =
      isLight ? figure.size : figure.preview.map { (width: $0.width, height: $0.height) }
    return SitePage(
      folder: Self.folder(figure), title: "Figure \(figure.number)", description: figure.title,
      section: "figures", crumbs: [.init(text: "Figures", path: "figures")], template: "figure",
      content: View(
        heading: figure.title, number: figure.number, file: figure.file,
        isShown: size != nil, shown: isLight ? figure.file : Self.previewName(figure),
        isPreview: !isLight && size != nil, width: size?.width ?? 0, height: size?.height ?? 0,
        size: "\(figure.data.count / 1000) kB"),
      json: .object([
        "number": .int(figure.number), "title": .string(figure.title), "file": .string(figure.file),
      ]))
  }
}
