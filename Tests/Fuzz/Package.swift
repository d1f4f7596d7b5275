// swift-tools-version: 6.0
import PackageDescription

/// Hostile input for everything that reads files: `make fuzz`. A package of its own, so that the product's build never
/// sees the fuzzer; scripts/fuzz.sh gives the flags that it needs.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "jml", path: "../..")],
  targets: [
    .target(name: "CFuzz", dependencies: [.product(name: "CHDF5", package: "jml")]),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CFuzz", .product(name: "Readers", package: "jml"), .product(name: "CHDF5", package: "jml"),
      ]),
  ]
)
