import Foundation
import Platform
import Testing

@Suite(.serialized) struct AsideNameTests {
  @Test func namesTellWhoWrites() throws {
    let ended = Process()
    ended.executableURL = URL(fileURLWithPath: "/bin/sh")
    ended.arguments = ["-c", ":"]
    try ended.run()
    ended.waitUntilExit()
    let (host, dead) = (ProcessIdentity.hostName, ended.processIdentifier)
    let mine = AsideName.make("a.b", number: 7)
    #expect(mine == "a.b.\(host).\(getpid()).7.partial")
    #expect(!AsideName.isLeftOver(mine))
    #expect(AsideName.isLeftOver("a.b.\(host).\(dead).7.partial"))
    for other in [
      "a.b.elsewhere.\(dead).7.partial", "a.b.x\(host).\(dead).7.partial", "a.b.\(host).\(dead).7",
      "a.b.\(host).\(dead).x.partial", "a.b.\(host).0.7.partial", "a.b.\(host).-1.7.partial",
      "\(dead).7.partial",
      ".partial",
    ] { #expect(!AsideName.isLeftOver(other), "\(other)") }
  }
}
