import Foundation
import TestSupport
import Testing

/// What `make table4 PROFILE=smoke` does after building.
@Suite(.serialized)
struct GridTests {
  @Test func tableFourSmoke() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      let jobs = ["--jobs", "2", "--threads", "1"]
      let run = try tool.start(["run", "--table", "4", "--profile", "smoke", "--json"] + jobs).wait()
      #expect(run.code == 0, "\(run.err)")
      #expect((try run.json()["finished"] as? [String])?.count == 127)
      let first = try tool("table", "--table", "4", "--profile", "smoke")
      let file = folder.appendingPathComponent("results/smoke/table04.md")
      let bytes = try Data(contentsOf: file)
      let second = try tool("table", "--table", "4", "--profile", "smoke")
      #expect(first.code == 0 && first.out == second.out)
      #expect(try Data(contentsOf: file) == bytes && String(decoding: bytes, as: UTF8.self) == first.out)
      #expect(first.out.contains("(n=3)") && !first.out.contains("pending"))
      #expect(first.out.contains("embedded") && first.out.contains("not comparable"))
    }
  }
}
