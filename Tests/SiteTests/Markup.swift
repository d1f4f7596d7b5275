import Foundation
import Testing

/// A page as its tags: enough to check what must hold for every page.
struct Markup {
  struct Tag {
    let name: String
    let attributes: [String: String]
    let isEnd: Bool
  }

  struct Broken: Error, CustomStringConvertible { let description: String }

  let tags: [Tag]

  static let void: Set<String> = ["meta", "link", "img", "br", "input", "hr"]
  /// Drawn shapes end in their own tag.
  private static let shapes: Set<String> = ["polyline", "polygon", "circle", "rect"]

  /// - Throws: `Broken` for tags that are not nested.
  init(_ html: String) throws {
    let tag = #/<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z_:][-a-zA-Z0-9_:.]*(?:="[^"]*")?)*)\s*(/?)>/#
    let attribute = #/([a-zA-Z_:][-a-zA-Z0-9_:.]*)(?:="([^"]*)")?/#
    var tags: [Tag] = []
    var open: [String] = []
    for match in html.matches(of: tag) {
      let name = String(match.2)
      let isEnd = match.1 == "/"
      var attributes: [String: String] = [:]
      for pair in String(match.3).matches(of: attribute) {
        let key = String(pair.1)
        guard attributes.updateValue(String(pair.2 ?? ""), forKey: key) == nil else {
          throw Broken(description: "<\(name)> has \(key) twice")
        }
      }
      tags.append(Tag(name: name, attributes: attributes, isEnd: isEnd))
      if isEnd {
        guard open.popLast() == name else {
          throw Broken(description: "</\(name)> ends \(open.last ?? "nothing")")
        }
      } else if !Markup.void.contains(name), match.4 != "/" {
        open.append(name)
      }
    }
    guard open.isEmpty else { throw Broken(description: "never ended: \(open)") }
    // Whatever else begins like a tag was written by nobody.
    let count = html.matches(of: #/<[/a-zA-Z]/#).count
    guard count == tags.count else {
      throw Broken(description: "\(count - tags.count) tags that are none")
    }
    self.tags = tags
  }

  var ids: [String] { tags.compactMap { $0.attributes["id"] } }

  func values(of attribute: String) -> [String] { tags.compactMap { $0.attributes[attribute] } }

  /// Levels of the headings in their order.
  var headings: [Int] {
    tags.filter { !$0.isEnd }.compactMap { tag in
      tag.name.count == 2 && tag.name.hasPrefix("h") ? Int(tag.name.dropFirst()) : nil
    }
  }
}
