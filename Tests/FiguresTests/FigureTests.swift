import Figures
import Testing
@Test func placeholder() { #expect(Figure(4) == nil) }
