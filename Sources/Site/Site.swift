import Foundation
import Results

/// The results as pages: static HTML with JSON beside each page. Equal records give equal bytes.
public struct Site {
  private let index: SiteIndex
  private let templates: Templates

  /// - Throws: what is wrong with a template: a mistake in this program.
  public init(_ records: SiteRecords) throws {
    index = SiteIndex(records)
    templates = try Templates()
  }

  /// Of the navigation: key, title and folder.
  private static let sections = [
    ("overview", "Overview", ""), ("tables", "Tables", "tables"), ("claims", "Claims", "claims"),
    ("runs", "Runs", "runs"), ("figures", "Figures", "figures"), ("nightly", "Nightly", "nightly"),
    ("speed", "Speed", "speed"),
  ]

  /// Every file of the site, once, in a fixed order.
  public var files: [GeneratedFolder.File] {
    let overview = OverviewPage(index)
    let figures = FigurePages(index)
    let runs = index.records.runs.map { RunPage($0, index) }
    let pages =
      [overview.page, overview.tables] + index.records.tables.indices.map { TablePage($0, index).page }
      + ClaimPages(index).pages + RunLists(index).pages + runs.map(\.page) + figures.pages
      + [NightlyPage(index).page, SpeedPage(index).page]
    return [file(Style.fileName, Style.css), file(Script.fileName, Script.javaScript)]
      + pages.flatMap { page in
        [file(page.path("index.html"), html(page)), file(page.path("page.json"), page.json.pretty)]
      } + figures.files + runs.flatMap(\.files)
  }

  private func file(_ path: String, _ text: String) -> GeneratedFolder.File {
    GeneratedFolder.File(path: path, data: Data(text.utf8))
  }

  private func html(_ page: SitePage) -> String {
    let frame = Frame(
      root: page.root, siteTitle: index.records.title, title: page.title, description: page.description,
      profile: index.records.profile,
      navigation: Site.sections.map { key, title, folder in
        Frame.Item(
          text: title, href: folder.isEmpty ? "index.html" : "\(folder)/index.html",
          isCurrent: key == page.section, current: folder == page.folder ? "page" : "true")
      },
      crumbs: page.crumbs.map { Frame.Crumb(text: $0.text, href: "\($0.path)/index.html") },
      hasCrumbs: !page.crumbs.isEmpty, body: templates.render(page.content, page.template),
      style: Style.fileName, script: Script.fileName)
    return templates.render(frame, "frame")
  }
}
