import Foundation
import Runner
import Testing

/// Embedded pictures of two data sets of one layout are not drawn over each other.
@Suite struct EmbeddedPlaceTests {
  @Test func dataSetsOfOneLayoutLieApart() throws {
    let registry = try AssemblyTests.registry.get()
    func place(_ name: String, in source: DataSource) throws -> String {
      source.place(of: try #require(registry.datasets[name])).root.path
    }
    let embedded = DataSource.embedded(URL(fileURLWithPath: "/drawn"))
    for name in ["cityscapes", "pascal_voc", "ade20k", "deepglobe_land"] {
      #expect(try place(name, in: embedded) == "/drawn")
    }
    #expect(try place("pascal_voc_semi_supervised", in: embedded) == "/drawn/pascal_voc_semi_supervised")
    // Real data sets may share their files.
    let folder = DataSource.folder(URL(fileURLWithPath: "/data"))
    #expect(try place("pascal_voc_semi_supervised", in: folder) == "/data")
  }
}
