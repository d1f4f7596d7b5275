import Testing

/// Rules that the compiler does not know.
@Suite struct SourceTests {
  @Test func noCrashesByConstruction() throws {
    for file in try Repository.files(below: "Sources", ["swift"]) {
      let text = try Repository.text(file)
      for word in ["try!", "as!", "fatalError("] { #expect(!text.contains(word), "\(file) has \(word)") }
    }
  }

  /// Somebody's home folder, or this one's, must not be in a file that is built.
  @Test func noMachinePaths() throws {
    let path = try Regex(#"["' (]/(?:home|root|work|Users|tmp|mnt|workspace)/"#)
    for file in try Repository.files(below: "Sources", ["swift", "c", "cpp", "h", "modulemap"])
      + Repository.files(below: "experiments", ["yaml", "md"])
    {
      #expect(!(try Repository.text(file)).contains(path), "\(file) names a folder of one machine")
    }
  }
}
