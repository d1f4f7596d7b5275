import Benchmarks
import Runner
import Testing

@Suite struct StartPhasesTests {
  @Test func phasesLieBetweenMoments() throws {
    let moments: [StartMoments.Moment: Double] = [
      .main: 10.25, .data: 10.5, .network: 11, .batch: 11, .step: 12,
    ]
    let phases = try #require(StartPhases(start: 10, moments: moments))
    #expect(phases.parts == [0.25, 0.25, 0.5, 0, 1] && phases.seconds == 2)
    let other = try #require(StartPhases(start: 9, moments: moments))
    let means = StartPhases.means([phases, other])
    #expect(means.map(\.kind) == ["load", "spec and data", "network", "first batch", "first step"])
    #expect(means.map(\.seconds) == [0.75, 0.25, 0.5, 0, 1])
  }

  /// A process that ended before has no phases.
  @Test func aMissingMomentIsNoNumber() {
    #expect(StartPhases(start: 10, moments: [.main: 10.25, .data: 10.5]) == nil)
    #expect(StartPhases(start: 10, moments: [:]) == nil)
  }
}
