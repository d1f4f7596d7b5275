// swift-tools-version: 6.1
import PackageDescription

/// Rooms from bottom to top. A room imports only the rooms named in its row; Tests/PackageTests checks that.
// Pixels are the same on every CPU: nothing is fused.
let optimised: [CSetting] = [.unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=off"])]
let optimisedCXX: [CXXSetting] = [
  .unsafeFlags(["-O3", "-std=c++17", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"])
]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, resources: resources)
}

/// What is there in a build with `--traits MPI` alone.
func withMPI(_ name: String) -> Target.Dependency {
  .target(name: name, condition: .when(traits: ["MPI"]))
}

let package = Package(
  name: "jml",
  products: [
    .executable(name: "jml", targets: ["jml"]),
    // What reads the files of strangers, for Tests/Fuzz, a package of its own.
    .library(
      name: "Readers",
      targets: [
        "JSON", "Schemas", "Tensors", "CImageCodec", "Images", "Datasets", "HDF5", "Weights", "Experiments",
        "Metrics", "Results",
      ]),
    .library(name: "CHDF5", targets: ["CHDF5"]),
  ],
  traits: [
    .trait(name: "MPI", description: "jml train --mpi: several processes train one run (docs/scaling.md)")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
  ],
  targets: [
    // Borders to C libraries.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CPlatform", cxxSettings: [.unsafeFlags(["-O2", "-std=c++17", "-fno-builtin"])]),
    .target(
      name: "CKernels", dependencies: ["CPlatform"], cxxSettings: optimisedCXX,
      linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp"), .linkedLibrary("openblas")]),
    .target(
      name: "CImageCodec", cSettings: optimised,
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
    .target(name: "CStartup"),
    // Without pkgConfig, which would be looked for in builds that do not want it: the compiler finds Debian's header.
    .systemLibrary(name: "CMPI"),

    room("Platform", ["CPlatform"]),
    room("JSON", []),
    room("Schemas", ["JSON"]),

    // The engine.
    room("Tensors", ["Platform"]),
    room("Ranks", ["Tensors"]),
    room("MessagePassing", ["Platform", "Tensors", "Ranks", withMPI("CMPI")]),
    room("Kernels", ["Tensors", "CKernels", "COpenBLAS"]),
    room("Autograd", ["Tensors", "Kernels", "Ranks"]),
    room("Layers", ["Tensors", "Kernels", "Autograd"]),
    room("Models", ["Tensors", "Kernels", "Autograd", "Layers"]),
    room("Losses", ["Tensors", "Kernels", "CKernels", "Ranks"]),
    room("Optimizers", ["Tensors", "Autograd", "CKernels"]),
    room("Metrics", ["Tensors", "CKernels"]),
    room("Images", ["Platform", "Tensors", "CImageCodec"]),
    room("Datasets", ["Platform", "Tensors", "Images"]),
    room("Scenes", ["Platform", "Tensors", "Images", "Datasets"]),
    room(
      "Training",
      [
        "Tensors", "Kernels", "Autograd", "Models", "Losses", "Optimizers", "Metrics", "Datasets", "Ranks",
      ]),

    room(
      "Methods",
      [
        "Schemas", "Tensors", "Kernels", "Autograd", "Layers", "Models", "Losses", "Optimizers", "Datasets",
        "Training", "Ranks",
      ]),

    // Registry, store, tables.
    room("Experiments", ["CCrypto", "Platform", "JSON", "Schemas", .product(name: "Yams", package: "Yams")]),
    room("HDF5", ["Platform", "CHDF5", "CZlib"]),
    room("Weights", ["Platform", "JSON", "Tensors", "Models", "HDF5"]),
    room("Results", ["Platform", "JSON", "HDF5", "Experiments", "Metrics", "Tensors"]),
    room(
      "Runner",
      [
        "Experiments", "Training", "HDF5", "Results", "Models", "Datasets", "Losses", "Optimizers", "Metrics",
        "Kernels",
        "Tensors", "Images", "Weights", "JSON", "Scenes", "Schemas", "Methods", "Platform", "Ranks",
      ]),
    room(
      "Benchmarks",
      [
        "JSON", "Experiments", "Training", "Models", "Datasets", "Losses", "Metrics", "Kernels", "Tensors",
        "Images",
        "Scenes", "Autograd", "Results", "Methods", "Runner", "Ranks",
      ]),
    room("EventFiles", ["JSON", "Experiments", "Results"]),
    room("Tables", ["JSON", "Experiments", "Results"]),
    room("Claims", ["JSON", "Experiments", "Tables"]),
    room("Regression", ["Platform", "JSON", "Experiments", "Results", "Tables", "Claims", "Tensors"]),
    room("Figures", ["JSON", "Images", "Losses", "Metrics"]),
    room("Cluster", ["Platform", "JSON", "Experiments", "Results"]),
    room(
      "Site",
      [
        "JSON", "Experiments", "Metrics", "Results", "Tables", "Regression", "Figures",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    .executableTarget(
      name: "jml",
      dependencies: [
        "Runner", "Tables", "Results", "Experiments", "Datasets", "Kernels", "Tensors", "Models", "Losses",
        "Autograd", "Metrics", "HDF5", "Weights", "Figures", "Claims", "Regression", "JSON", "Benchmarks",
        "Platform", "EventFiles", "Site", "Images", "CStartup", "Cluster", "Ranks", "MessagePassing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests.
    .target(
      name: "ToyMethods",
      dependencies: [
        "Methods", "Training", "Models", "Losses", "Optimizers", "Autograd", "Layers", "Kernels", "Tensors",
        "Datasets", "Schemas",
      ], path: "Tests/ToyMethods"),
    .target(
      name: "TestSupport", dependencies: ["Tensors", "HDF5", "Images", "Ranks"], path: "Tests/TestSupport"),
    tests("PlatformTests", ["Platform"]),
    tests("JSONTests", ["JSON"]),
    tests("TensorsTests", ["Tensors"]),
    tests("RanksTests", ["Ranks", "Tensors"]),
    tests("KernelsTests", ["Kernels", "Tensors"]),
    tests("AutogradTests", ["Autograd", "Layers", "Kernels", "Tensors", "Ranks"]),
    tests("OptimizersTests", ["Optimizers", "Autograd", "Tensors"]),
    tests(
      "ModelsTests",
      [
        "Models", "Kernels", "Autograd", "Losses", "Optimizers", "Tensors", "HDF5", "Datasets", "Training",
      ],
      resources: [.copy("Fixtures")]),
    tests("LossesTests", ["Losses", "CKernels", "Tensors", "HDF5", "Ranks"], resources: [.copy("Fixtures")]),
    tests("MetricsTests", ["Metrics", "Tensors", "HDF5"], resources: [.copy("Fixtures")]),
    tests("HDF5Tests", ["HDF5", "CHDF5"], resources: [.copy("Fixtures")]),
    tests("WeightsTests", ["Weights", "Models", "HDF5", "Tensors", "Autograd"]),
    tests("ResultsTests", ["Results", "JSON", "HDF5", "Metrics", "Tensors", "Experiments", "Platform"]),
    tests(
      "TrainingTests",
      [
        "Training", "Datasets", "Images", "Metrics", "Kernels", "Tensors", "Models", "Losses", "Optimizers",
        "Autograd",
        "Layers", "Ranks",
      ]),
    tests(
      "MethodsTests",
      [
        "Methods", "Training", "Models", "Losses", "Optimizers", "Autograd", "Layers", "Kernels", "Tensors",
        "Datasets", "Schemas", "JSON", "HDF5", "ToyMethods", "Ranks",
      ], resources: [.copy("Fixtures")]),
    tests(
      "DatasetsTests", ["Datasets", "Images", "Tensors", "HDF5", "Ranks"], resources: [.copy("Fixtures")]),
    tests("ScenesTests", ["Scenes", "Datasets", "Images", "Tensors"]),
    tests("ExperimentsTests", ["Experiments", "JSON", "Methods", "Schemas"], exclude: ["Golden"]),
    tests("FiguresTests", ["Figures", "JSON", "Images", "Metrics"], exclude: ["Snapshots"]),
    tests(
      "TablesTests", ["Tables", "Experiments", "Methods", "Results", "Metrics", "Tensors"],
      exclude: ["Snapshots"]),
    tests("ClaimsTests", ["Claims", "Experiments", "Methods", "Tables", "JSON"], exclude: ["Snapshots"]),
    tests("BenchmarksTests", ["Benchmarks", "Kernels", "JSON", "Results", "Runner"]),
    tests(
      "EventFilesTests", ["EventFiles", "Results", "Experiments", "JSON", "Metrics", "Tensors"],
      exclude: ["Fixtures"]),
    tests(
      "RegressionTests",
      ["Regression", "Claims", "Tables", "Results", "Experiments", "Methods", "JSON", "Tensors"]),
    tests(
      "ClusterTests", ["Cluster", "Experiments", "Methods", "Results", "JSON", "Platform"],
      exclude: ["Snapshots"]),
    tests("SiteTests", ["Site", "Figures", "JSON", "Metrics", "Results", "Tensors", "Experiments"]),
    tests("PackageTests", ["Experiments", "Methods"]),
    tests(
      "RunnerTests",
      [
        "Runner", "Experiments", "Results", "Training", "Losses", "Models", "Kernels", "Tensors", "JSON",
        "Methods", "Schemas", "Datasets", "Metrics", "ToyMethods", "HDF5", "Images", "Platform", "Weights",
        "Regression", "Autograd", "Cluster", "Ranks", "MessagePassing", "Benchmarks",
      ]),
    tests(
      "EndToEndTests",
      [
        "Runner", "Training", "Results", "Experiments", "Datasets", "Images", "HDF5", "Models", "Tensors",
        "JSON",
      ]),
  ],
  cxxLanguageStandard: .cxx17
)
