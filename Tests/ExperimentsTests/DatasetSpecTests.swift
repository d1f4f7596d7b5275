import Experiments
import Foundation
import Testing

@Suite(.serialized) struct DatasetSpecTests {
  static let land = """
    layout: folders
    folder: land
    classes: [urban, agriculture, water]
    images: train/*_sat.jpg
    labels: train/*_mask.png
    mapping: {kind: colours, colours: [[0, 255, 255], [255, 255, 0], [0, 0, 255]], ignore: [[0, 0, 0]], threshold: 128}
    split: {kind: folds, count: 5, size: 160}

    """
  static let scenes = """
    layout: folders
    folder: scenes/2016
    classes: 150
    images: images/{split}/*.jpg
    labels: annotations/{split}
    mapping: {kind: offset, offset: 1, ignore: [0]}
    split: {kind: folders, train: training, validation: validation}

    """
  static let own = """
    layout: folders
    folder: own
    classes: [background, thing]
    images: photos
    labels: masks
    mapping: {kind: ids, ignore: [255, 7]}
    split: {kind: lists, train: splits/train.txt, validation: splits/val.txt}

    """

  /// One run column; a row a data set, folds as given.
  static func table(_ rows: [(dataset: String, folds: String?)]) -> String {
    let lines = rows.map { row in
      "  - {labels: [\(row.dataset)], dataset: \(row.dataset), "
        + (row.folds.map { "folds: \($0), " } ?? "") + "paper: {CE: {mean: 1.0}}}\n"
    }
    return """
      number: 5
      title: Data sets
      unit: "%"
      row_headers: [Data]
      defaults:
        {metric: miou, recipe: sgd_voc, loss: ce, label: hard, seeds: [0], model: deeplabv3_resnet18d}
      columns:
        - {title: CE, kind: run}
      rows:

      """ + lines.joined() + "differences: []\nexceptions: []\nnotes: []\n"
  }

  private func registry(_ texts: [String: String]) throws -> TemporaryRegistry {
    let files = try TemporaryRegistry()
    for name in texts.keys.sorted() { try files.write("datasets/\(name).yaml", texts[name] ?? "") }
    return files
  }

  private func plan(_ files: TemporaryRegistry, profile: String = "mini") throws -> Plan {
    var prints = fingerprints
    for name in try files.load().datasets.keys { prints[name] = prints[name] ?? "\(name)-1" }
    return try Plan(
      registry: try files.load(), tables: ["table05"], profile: profile, dataFingerprints: prints)
  }

  @Test func layouts() throws {
    let datasets = try registry([
      "land": DatasetSpecTests.land, "scenes": DatasetSpecTests.scenes, "own": DatasetSpecTests.own,
    ]).load().datasets
    guard case .folders(let land)? = datasets["land"]?.content.layout,
      case .folders(let scenes)? = datasets["scenes"]?.content.layout,
      case .folders(let own)? = datasets["own"]?.content.layout,
      case .cityscapes(let streets)? = datasets["cityscapes"]?.content.layout,
      case .pascalVOC(let objects, .sbdFirst)? = datasets["pascal_voc"]?.content.layout
    else {
      Issue.record("a layout is not its file's")
      return
    }
    #expect(
      land.mapping
        == .colors([[0, 255, 255], [255, 255, 0], [0, 0, 255]], ignore: [[0, 0, 0]], threshold: 128))
    #expect(land.split == .folds(count: 5, size: 160))
    #expect(datasets["land"]?.classNames == ["urban", "agriculture", "water"])
    #expect(datasets["land"]?.classes == 3)
    #expect(datasets["land"]?.content.folds?.count == 5)
    #expect(scenes.images == "images/{split}/*.jpg" && scenes.labels == "annotations/{split}")
    #expect(scenes.mapping == .values(offset: 1, ignore: [0]))
    #expect(scenes.split == .folders(train: "training", validation: "validation"))
    #expect(datasets["scenes"]?.classes == 150 && datasets["scenes"]?.classNames == nil)
    #expect(own.mapping == .values(offset: 0, ignore: [7, 255]))
    #expect(own.split == .lists(train: "splits/train.txt", validation: "splits/val.txt"))
    #expect(datasets["own"]?.content.folds == nil)
    #expect((streets.train, streets.validation) == ("train", "val"))
    #expect((objects.train, objects.validation) == ("trainaug", "val"))
  }

  /// Each spoils one of the three files, and the error says file, key, value and what is allowed.
  static let spoiled: [(text: String, old: String, new: String, says: [String])] = [
    (
      land, "layout: folders", "layout: folder",
      ["layout: 'folder'", "one of cityscapes, pascal_voc, folders"]
    ),
    (land, "layout: folders\n", "", ["layout", "missing"]),
    (
      land, "folder: land", "folder: land\ntrain_split: train",
      ["train_split: unknown key", "mapping, split"]
    ),
    (land, "folder: land", "folder: ../land", ["folder: '../land'", "a path below the data root"]),
    (
      land, "[urban, agriculture, water]", "[urban, urban, water]",
      ["classes: a list of 3", "a class stands twice"]
    ),
    (land, "[urban, agriculture, water]", "[urban]", ["classes", "a list of 2 to 254 class names"]),
    (
      land, "[urban, agriculture, water]", "{a: b}",
      ["classes: got a mapping", "an integer, 2...254, or a list"]
    ),
    (land, "[urban, agriculture, water]", "4", ["mapping.colours: a list of 3", "there are 4 classes"]),
    (land, "train/*_sat.jpg", "\"*/*_sat.jpg\"", ["images: \"*/*_sat.jpg\"", "at most one *"]),
    (land, "train/*_sat.jpg", "/train/*_sat.jpg", ["images: '/train/*_sat.jpg'", "below the data root"]),
    (
      land, "train/*_sat.jpg", "\"{split}/*_sat.jpg\"", ["images: ", "{split} needs a split of kind folders"]
    ),
    (land, "train/*_mask.png", "train/*_sat.jpg", ["labels: 'train/*_sat.jpg'", "the same as images"]),
    (land, "kind: colours", "kind: colors", ["mapping.kind: 'colors'", "one of ids, offset, colours"]),
    (land, "[255, 255, 0], [", "[0, 255, 255], [", ["mapping.colours[1]", "[0, 255, 255] stands twice"]),
    (land, "[255, 255, 0], [", "[255, 255], [", ["mapping.colours[1]", "a list of 3, red, green, blue"]),
    (land, "[255, 255, 0], [", "[255, 256, 0], [", ["mapping.colours[1][1]: '256'", "0...255"]),
    (
      land, "[255, 255, 0], [", "[255, 254, 0], [",
      ["mapping.colours[1]", "with a threshold", "of 0 and 255"]
    ),
    (land, "threshold: 128", "threshold: 0", ["mapping.threshold: '0'", "exact, or an integer, 1...255"]),
    (land, "threshold: 128", "threshold: close", ["mapping.threshold: 'close'", "exact, or an integer"]),
    (land, ", threshold: 128", "", ["mapping.threshold", "missing"]),
    (
      land, "ignore: [[0, 0, 0]]", "ignore: [[0, 0, 255]]", ["mapping.ignore[0]", "[0, 0, 255] stands twice"]
    ),
    (land, "count: 5", "count: 1", ["split.count: '1'", "2...100"]),
    (land, "size: 160", "size: 160, train: a", ["split.train: unknown key", "kind, count, size"]),
    (scenes, "kind: folders,", "kind: places,", ["split.kind: 'places'", "one of lists, folders, folds"]),
    (scenes, "images/{split}/*.jpg", "images/*.jpg", ["images: 'images/*.jpg'", "needs one {split} here"]),
    (scenes, "validation: validation", "validation: training", ["split.validation", "the same as train"]),
    (scenes, "offset: 1", "offset: 107", ["mapping.offset: '107'", "1...106"]),
    (scenes, "ignore: [0]", "ignore: [150]", ["mapping.ignore[0]: '150'", "is the value of class 149"]),
    (scenes, "classes: 150", "classes: 255", ["classes: '255'", "2...254"]),
    (own, "[255, 7]", "[255, 1]", ["mapping.ignore[1]: '1'", "is the value of class 1"]),
    (own, "[255, 7]", "[255, 255]", ["mapping.ignore", "a value stands twice"]),
    (own, "{kind: ids, ignore: [255, 7]}", "{kind: ids}", ["mapping.ignore", "missing"]),
    (own, "{kind: ids, ", "{kind: ids, offset: 0, ", ["mapping.offset: unknown key", "kind, ignore"]),
    (own, "splits/val.txt", "../val.txt", ["split.validation: '../val.txt'", "below the data root"]),
  ]

  @Test(arguments: spoiled.indices) func badFiles(_ index: Int) throws {
    let (text, old, new, says) = DatasetSpecTests.spoiled[index]
    let files = try registry(["mine": text])
    try files.replace("datasets/mine.yaml", old, new)
    let message = registryError { _ = try files.load() } ?? "no error"
    #expect(message.hasPrefix("datasets/mine.yaml"), "\(message)")
    for part in says { #expect(message.contains(part), "\(message)") }
  }

  @Test func labelSourceIsPascalVOCs() throws {
    let files = try TemporaryRegistry()
    try files.replace("datasets/cityscapes.yaml", "classes: 19", "classes: 19\nlabel_source: official")
    #expect(registryError { _ = try files.load() }?.contains("label_source: unknown key") == true)
    let other = try TemporaryRegistry()
    try other.replace("datasets/pascal_voc.yaml", "label_source: sbd_first", "")
    #expect(registryError { _ = try other.load() }?.contains("label_source: required key is missing") == true)
  }

  /// Every value that decides content changes the id, and reads back; names and places do not.
  @Test func everyValueCounts() throws {
    let texts = [
      "land": DatasetSpecTests.land, "scenes": DatasetSpecTests.scenes, "own": DatasetSpecTests.own,
    ]
    func id(_ name: String, _ text: String) throws -> RunID {
      let files = try registry([name: text])
      try files.write(
        "tables/table05.yaml",
        DatasetSpecTests.table([(name, text.contains("folds") ? "[0, 1]" : nil)]))
      let runs = try plan(files).runs
      for run in runs {
        let copy = try RunSpec(json: run.spec.canonicalJSON, source: "run.json")
        #expect(copy == run.spec && copy.id == run.id)
      }
      if text.contains("folds") {
        #expect(runs.map(\.spec.fold) == [0, 1])
        #expect(Set(runs.map(\.id)).count == 2)
      }
      return try #require(runs.first).id
    }
    let changes: [(name: String, old: String, new: String)] = [
      ("land", "*_sat.jpg", "*_satellite.jpg"), ("land", "*_mask.png", "*_masks.png"),
      ("land", "[0, 0, 255]]", "[255, 0, 255]]"), ("land", "[[0, 0, 0]]", "[]"),
      ("land", "threshold: 128", "threshold: 127"), ("land", "threshold: 128", "threshold: exact"),
      ("land", "count: 5", "count: 4"), ("land", "size: 160", "size: 150"),
      ("scenes", "classes: 150", "classes: 151"), ("scenes", "offset: 1", "offset: 2"),
      ("scenes", "[0]", "[0, 255]"), ("scenes", "train: training", "train: train"),
      ("scenes", "validation: validation", "validation: val"),
      ("own", "[255, 7]", "[255]"), ("own", "train.txt", "train2.txt"), ("own", "val.txt", "val2.txt"),
    ]
    for (name, old, new) in changes {
      let text = try #require(texts[name])
      #expect(text.contains(old))
      #expect(
        try id(name, text) != id(name, text.replacingOccurrences(of: old, with: new)), "\(old) -> \(new)")
    }
    for (name, old, new) in [
      ("land", "folder: land", "folder: deepglobe/land"), ("land", "agriculture", "fields"),
      ("own", "[255, 7]", "[7, 255]"), ("scenes", "layout: folders", "# A comment.\nlayout: folders"),
    ] {
      let text = try #require(texts[name])
      #expect(text.contains(old))
      #expect(
        try id(name, text) == id(name, text.replacingOccurrences(of: old, with: new)), "\(old) -> \(new)")
    }
  }

  /// A fold goes with a data set that has folds.
  @Test func foldsAreCheckedWhenPlanned() throws {
    func message(_ rows: [(String, String?)]) throws -> String? {
      let files = try registry(["land": DatasetSpecTests.land])
      try files.write("tables/table05.yaml", DatasetSpecTests.table(rows))
      return registryError { _ = try plan(files) }
    }
    #expect(try message([("land", "[0, 1, 2, 3, 4]")]) == nil)
    #expect(
      try message([("land", nil)])?.contains("fold: 'null': data set 'land' has 5 folds") == true)
    #expect(
      try message([("land", "[0, 5]")])?.contains("fold: '5' is out of range; allowed: an integer, 0...4")
        == true)
    #expect(
      try message([("pascal_voc", "[0]")])?.contains("fold: '0': data set 'pascal_voc' has no folds") == true)
  }

  /// A profile may have less data than the folds want; the size is then the run's.
  @Test func foldSizeOfAProfile() throws {
    let files = try registry(["land": DatasetSpecTests.land])
    try files.write("tables/table05.yaml", DatasetSpecTests.table([("land", "[0, 1]")]))
    let plain = try plan(files)
    #expect(plain.runs.allSatisfy { $0.spec.data.content.folds?.size == 160 })
    try files.replace("profiles/mini.yaml", "  default:\n", "  default:\n    fold_size: 6\n")
    let small = try plan(files)
    #expect(small.runs.allSatisfy { $0.spec.data.content.folds?.size == 6 })
    #expect(Set(small.runs.map(\.id)).isDisjoint(with: plain.runs.map(\.id)))
    try files.replace("profiles/mini.yaml", "  cityscapes:\n", "  cityscapes:\n    fold_size: 6\n")
    #expect(
      registryError { _ = try files.load() }
        == "profiles/mini.yaml: datasets.cityscapes.fold_size: 6: datasets/cityscapes.yaml has no folds")
  }

  /// What is drawn where there are no real folders is for folder data sets to say, and no part of what they are.
  @Test func embeddedScenes() throws {
    let files = try registry([
      "land": DatasetSpecTests.land + "embedded: land_cover\n",
      "scenes": DatasetSpecTests.scenes + "embedded: indoor_outdoor\n", "own": DatasetSpecTests.own,
    ])
    let datasets = try files.load().datasets
    #expect(datasets["land"]?.embedded == .landCover && datasets["scenes"]?.embedded == .indoorOutdoor)
    #expect(datasets["own"]?.embedded == nil && datasets["cityscapes"]?.embedded == nil)
    let plain = try registry(["land": DatasetSpecTests.land]).load().datasets
    #expect(plain["land"]?.content == datasets["land"]?.content)
    try files.replace("datasets/land.yaml", "embedded: land_cover", "embedded: moon")
    let message = registryError { _ = try files.load() } ?? "no error"
    #expect(
      message.hasPrefix("datasets/land.yaml: embedded: 'moon'")
        && message.contains("one of indoor_outdoor, land_cover"), "\(message)")
    let streets = try TemporaryRegistry()
    try streets.replace("datasets/cityscapes.yaml", "classes: 19", "classes: 19\nembedded: land_cover")
    let refused = registryError { _ = try streets.load() } ?? "no error"
    #expect(
      refused.hasPrefix("datasets/cityscapes.yaml: embedded") && refused.contains("goes with layout folders"),
      "\(refused)")
  }

  /// The two of the repository: 150 classes of value 1 to 150, and folds that every profile has images for.
  @Test func placesAndLandOfTheRepository() throws {
    let registry = try TemporaryRegistry().load()
    let (scenes, land) = (
      try #require(registry.datasets["ade20k"]), try #require(registry.datasets["deepglobe_land"])
    )
    #expect(scenes.classes == 150 && scenes.embedded == .indoorOutdoor && scenes.content.folds == nil)
    #expect(scenes.classNames?.first == "wall" && scenes.classNames?.last == "flag")
    guard case .folders(let layout) = scenes.content.layout else {
      Issue.record("ade20k is no folder data set")
      return
    }
    #expect(layout.mapping == .values(offset: 1, ignore: [0]))
    #expect(land.classes == 6 && land.embedded == .landCover)
    // The rivals' protocol is for Table 4's data sets alone.
    for name in registry.profiles.keys.sorted() where name != "paper_published" {
      let profile = try #require(registry.profiles[name]?.dataset("deepglobe_land"))
      let folds = try #require(land.scaled(by: profile).content.folds)
      #expect(folds.count == 5)
      if let embedded = profile.embedded {
        #expect(5 * folds.size < embedded.trainImages + embedded.validationImages, "\(name)")
      } else {
        #expect(folds.size == 160, "\(name)")
      }
      #expect(scenes.scaled(by: registry.profiles[name]?.dataset("ade20k")).content == scenes.content)
    }
  }

  /// A folder data set is one file: no profile has to name it.
  @Test(arguments: ["smoke", "mini"]) func oneFileAndATable(_ profile: String) throws {
    let files = try registry(["own": DatasetSpecTests.own])
    try files.write("tables/table05.yaml", DatasetSpecTests.table([("own", nil), ("pascal_voc", nil)]))
    let runs = try plan(files, profile: profile).runs
    #expect(runs.map(\.spec.data.name) == ["own", "pascal_voc"])
    let registry = try files.load()
    #expect(runs[0].spec.scale == registry.profiles[profile]?.defaultDataset?.scale)
    #expect(runs[1].spec.scale == registry.profiles[profile]?.datasets["pascal_voc"]?.scale)
    #expect(try plan(files, profile: "paper").runs[0].spec.scale.cropHeight == 512)
  }

  @Test func defaultIsNoDataSet() throws {
    let files = try registry(["default": DatasetSpecTests.own])
    #expect(registryError { _ = try files.load() }?.contains("datasets/default.yaml") == true)
  }
}
