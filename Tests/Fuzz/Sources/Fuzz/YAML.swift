import Experiments
import Foundation
import Schemas

extension Target {
  /// An experiment file. The first byte says in which folder it lies. It is the only one: what it names is not there.
  static let yaml = Target(name: "yaml", longest: 3072, memory: 32 << 20, seconds: 2, seeds: YAML.seeds) {
    bytes in
    guard let first = bytes.first else { return }
    YAML.check(Array(bytes.dropFirst()), in: YAML.folders[Int(first) % YAML.folders.count])
  }
}

private enum YAML {
  /// A letter each, so that inputs can be read.
  static let folders = [
    "models", "datasets", "losses", "labels", "distillation", "semi_supervised", "labelled", "first_stages",
    "recipes", "profiles", "tables", "figures", "claims", "regression",
  ]

  /// One method of each family, with a key of each kind.
  private static let methods: MethodCatalogue = {
    let keys: [ParameterSchema] = [
      ParameterSchema("weight", .number(.closed(0, 10))), ParameterSchema("count", .integer(1...9)),
      ParameterSchema("mode", .choice(["a", "b"])),
      ParameterSchema("heads", .choices(["main", "auxiliary"])),
      ParameterSchema("flag", .flag),
    ]
    let schema = [MethodSchema(kind: "pixel_wise", parameters: keys, roles: ["teacher"])]
    return MethodCatalogue(distillation: schema, semiSupervised: schema, firstStages: schema)
  }()

  static func check(_ text: [UInt8], in folder: String) {
    do {
      _ = try Registry(files: ["\(folder)/input.yaml": Data(text)], methods: methods)
    } catch {
      Broken.unlessTyped(error, RegistryError.self)
      Broken.unless("\(error)".contains(folder), "an error that does not name the file: \(error)")
    }
  }

  /// The project's own files.
  @Sendable static func seeds(_ repository: URL) throws -> [(name: String, bytes: [UInt8])] {
    let experiments = repository.appendingPathComponent("experiments")
    return try folders.enumerated().flatMap { index, folder in
      let path = experiments.appendingPathComponent(folder)
      return try FileManager.default.contentsOfDirectory(atPath: path.path).sorted().map { name in
        let text = try Data(contentsOf: path.appendingPathComponent(name))
        return ("\(folder)-\(name)", [letter(index)] + text)
      }
    }
  }

  /// The letter whose value gives the index back.
  private static func letter(_ index: Int) -> UInt8 {
    let first = UInt8(ascii: "A")
    return first + UInt8((index + folders.count - Int(first) % folders.count) % folders.count)
  }
}
