import Foundation
import JSON
import Mustache

/// A page before it is a file.
struct SitePage {
  /// Folder below the site's root, without slashes at its ends; empty for the overview.
  let folder: String
  let title: String
  /// For search engines and readers of links.
  let description: String
  /// Key of the part of the site that it belongs to.
  let section: String
  /// Pages above it.
  var crumbs: [Link] = []
  /// Template of the body, and what it shows.
  let template: String
  let content: Any
  /// page.json: the same for programs.
  let json: JSONValue

  struct Link {
    let text: String
    /// From the site's root.
    let path: String
  }

  /// What leads from the page's folder to the site's root.
  var root: String {
    folder.isEmpty ? "" : String(repeating: "../", count: folder.split(separator: "/").count)
  }

  func path(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }
}

/// What every page is framed with.
struct Frame {
  let root: String
  let siteTitle: String
  let title: String
  let description: String
  let profile: String
  let navigation: [Item]
  let crumbs: [Crumb]
  let hasCrumbs: Bool
  let body: String
  let style: String
  let script: String

  struct Item {
    let text: String
    let href: String
    let isCurrent: Bool
    /// Of `aria-current`: this page, or the part that it is in.
    let current: String
  }

  struct Crumb {
    let text: String
    let href: String
  }
}

/// The site's templates, compiled.
struct Templates {
  private let library: MustacheLibrary

  /// - Throws: what the parser says of a template that is none: a mistake in this program.
  init() throws {
    var library = MustacheLibrary()
    for (name, text) in Templates.all { try library.register(text, named: name) }
    self.library = library
  }

  static let all: [(name: String, text: String)] = [
    ("frame", frame), ("overview", overview), ("tables", tables), ("table", table), ("runs", runs),
    ("dataset", dataset), ("run", run), ("claims", claims), ("claim", claim), ("nightly", nightly),
    ("speed", speed), ("figures", figures), ("figure", figure),
  ]

  func render(_ content: Any, _ name: String) -> String {
    guard let text = library.render(content, withTemplate: name) else {
      preconditionFailure("Templates: no template '\(name)'")
    }
    return text
  }
}
