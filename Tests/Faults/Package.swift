// swift-tools-version: 6.0
import PackageDescription

/// The fault campaign: a program beside the product, which it starts, disturbs and looks after. `make faults` builds it.
let package = Package(
  name: "faults",
  products: [
    .executable(name: "faults", targets: ["faults"]),
    // Loaded into the product: fails one of its system calls, or kills it there.
    .library(name: "Shim", type: .dynamic, targets: ["Shim"]),
  ],
  targets: [
    .executableTarget(name: "faults"),
    .target(
      name: "Shim", cSettings: [.unsafeFlags(["-Wall", "-Wextra"])], linkerSettings: [.linkedLibrary("dl")]),
  ]
)
