import Experiments
import Foundation
import Schemas

extension Target {
  /// An experiment file. The first byte says in which folder it lies.
  static let yaml = Target(name: "yaml", longest: 4096, memory: 32 << 20, seconds: 2, seeds: YAML.seeds) {
    bytes in
    guard let first = bytes.first else { return }
    YAML.check(Array(bytes.dropFirst()), in: YAML.folders[Int(first) % YAML.folders.count])
  }
}

private enum YAML {
  /// A letter each, so that inputs can be read.
  static let folders = [
    "models", "datasets", "losses", "labels", "distillation", "semi_supervised", "labelled", "first_stages",
    "recipes", "profiles", "tables", "figures", "claims",
  ]

  /// A registry of empty folders but for the one file.
  private static let root: URL = {
    let root = Scratch.folder.appendingPathComponent("experiments")
    for folder in folders { Scratch.make(root.appendingPathComponent(folder)) }
    return root
  }()

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
    let file = root.appendingPathComponent(folder).appendingPathComponent("input.yaml")
    Scratch.write(text, to: file)
    defer { Scratch.remove(file) }
    do {
      _ = try Registry(root: root, methods: methods)
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
