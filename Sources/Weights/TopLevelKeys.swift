import Foundation

/// The keys of a JSON object as they stand in its text: parsers keep one of two equal keys, and which is their secret.
enum TopLevelKeys {
  /// The first key that stands twice in an object that has been parsed before; keys that escapes spell alike are alike.
  static func repeated(in object: Data) -> String? {
    var seen: Set<String> = []
    var depth = 0
    var isKey = false
    var place = object.startIndex
    while place < object.endIndex {
      switch object[place] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        isKey = depth == 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","): isKey = depth == 1
      case UInt8(ascii: "\""):
        let start = place
        place = end(of: object, from: place)
        if isKey, let key = text(object[start...min(place, object.index(before: object.endIndex))]) {
          guard seen.insert(key).inserted else { return key }
        }
        isKey = false
      default: break
      }
      place = object.index(after: place)
    }
    return nil
  }

  /// The place of the quotation mark that ends the string which begins at `start`.
  private static func end(of object: Data, from start: Data.Index) -> Data.Index {
    var place = start + 1
    while place < object.endIndex, object[place] != UInt8(ascii: "\"") {
      place += object[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(place, object.endIndex - 1)
  }

  private static func text(_ quoted: Data) -> String? {
    (try? JSONSerialization.jsonObject(with: Data(quoted), options: .fragmentsAllowed)) as? String
  }
}
