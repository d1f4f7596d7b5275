import Experiments
import Testing

/// Experiment files that would cost more than they are worth.
@Suite(.serialized) struct HostileFileTests {
  private func message(_ text: String) throws -> String {
    try #require(registryError { _ = try RunSpec(json: text, source: "hostile.yaml") })
  }

  /// Ten levels of ten aliases: refused before a node is made of them.
  @Test func aliases() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<10 {
      let names = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    #expect(try message(text) == "hostile.yaml:1: not valid YAML: anchors are not used here")
    #expect(try message("data: *x\n") == "hostile.yaml:1: not valid YAML: aliases are not used here")
    #expect(try message("data:\n  name: &x {}\n").hasPrefix("hostile.yaml:2: not valid YAML: anchors"))
  }

  /// A key is its text, whatever it looks like: with quotes it is no other one.
  @Test func keysThatDifferInQuotesAlone() throws {
    #expect(try message("1: a\n\"1\": b\n") == "hostile.yaml:1: key '1' stands twice; allowed: once")
  }

  @Test func depthAndLength() throws {
    #expect(try message(String(repeating: "[", count: 500)).contains("more than 64 levels deep"))
    // The parser has a limit of its own, above ours.
    #expect(try message(String(repeating: "[", count: 100_000)).contains("not valid YAML"))
    #expect(try message("a: " + String(repeating: "x", count: 5 << 20)).contains("at most 4194304 are read"))
  }
}
