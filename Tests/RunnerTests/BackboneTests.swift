import Experiments
import Models
import Runner
import Testing

/// The registry and the engine list backbones on their own, since neither may import the other.
@Suite struct BackboneTests {
  @Test func bothListsAgree() {
    #expect(ModelSpec.Backbone.allCases.map(\.rawValue) == Architecture.Backbone.allCases.map(\.rawValue))
  }
}
