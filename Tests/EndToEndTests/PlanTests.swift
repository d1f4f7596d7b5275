import Foundation
import TestSupport
import Testing

@Suite(.serialized)
struct PlanTests {
  @Test(arguments: ["smoke", "mini", "paper"])
  func teachersComeFirst(_ profile: String) throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder)("plan", "--table", "4", "--profile", profile, "--json")
      #expect(output.code == 0)
      let plan = try output.json()
      let runs = try #require(plan["runs"] as? [[String: Any]])
      // 5 rows x 8 columns x 3 seeds, a teacher and a first stage for each data set, and three backbones where they are trained.
      let wanted = profile == "paper" ? 124 : 127
      #expect(runs.count == wanted)
      let ids = runs.compactMap { $0["id"] as? String }
      #expect(Set(ids).count == wanted)
      for (index, run) in runs.enumerated() {
        for input in try #require(run["inputs"] as? [String: String]).values {
          #expect(ids[..<index].contains(input))
        }
        #expect(run["state"] as? String == "pending")
      }
      // The paper's scale has no embedded data, and says so.
      #expect((plan["provisional"] as? [String])?.isEmpty == (profile != "paper"))
    }
  }

  @Test func namesOfTablesAndOverrides() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      let plain = try tool("plan", "--profile", "smoke", "--table", "4")
      #expect(try tool("plan", "--profile", "smoke", "--table", "04").out == plain.out)
      #expect(try tool("plan", "--profile", "smoke", "--table", "table04").out == plain.out)
      let other = try tool(
        "plan", "--profile", "smoke", "--table", "4", "--set", "recipe.optimizer.learning_rate=0.02")
      #expect(other.code == 0)
      // Backbones are trained the same way whatever is set.
      let lines = { (text: String) in
        Set(text.split(separator: "\n").filter { !$0.contains("pretraining_objects-") })
      }
      #expect(lines(other.out).isDisjoint(with: lines(plain.out)))
    }
  }
}
