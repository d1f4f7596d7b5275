import Foundation
import Images
import Tensors

/// Writes rooms and landscapes in ADE20K's layout: JPEGs of varying size, some of them grey, and annotations 1...150, 0
/// where there is no class.
struct EmbeddedPlaces {
  /// The folder that gets `images` and `annotations`.
  let folder: String
  let seed: UInt64
  let sizes: EmbeddedData.Sizes

  func write() throws {
    try write(split: "training", prefix: "ADE_train", count: sizes.placeTrain)
    try write(split: "validation", prefix: "ADE_val", count: sizes.placeVal)
  }

  private func write(split: String, prefix: String, count: Int) throws {
    for kind in ["images", "annotations"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(kind)/\(split)", withIntermediateDirectories: true)
    }
    try EmbeddedData.forEach(count) { index in
      let id = "\(prefix)_\(EmbeddedData.padded(index + 1, digits: 8))"
      // Validation shows what some training picture shows, spread over all of them: no class is new there.
      let plan = PlaceStage.plan(index * sizes.placeTrain / count)
      let picture = picture(plan.stage, plan.object, split: split, index: index)
      // ADE20K has a few grey photographs.
      try ImageFile.writeJPEG(
        picture.image(), quality: 92, grey: index % 23 == 5, to: "\(folder)/images/\(split)/\(id).jpg")
      try ImageFile.writeGreyPNG(picture.label, to: "\(folder)/annotations/\(split)/\(id).png")
    }
  }

  private func picture(_ stage: PlaceStage, _ object: PlaceClass?, split: String, index: Int) -> Take {
    let classes = stage.regions + (object.map { [$0] } ?? [])
    return Take.first { attempt in
      var random = RandomSource(seed: seed, purpose: "embedded place \(split)", index, attempt)
      let height = sizes.placeHeight * (92 + random.below(25)) / 100
      let width = sizes.placeWidth * (88 + random.below(25)) / 100
      let photograph = Photograph(height: height, width: width, using: &random)
      let scene = PlaceScene(
        height: height, width: width, stage: stage, object: object,
        random: RandomSource(seed: random.next(), purpose: "place"))
      let take = Take(
        photograph: photograph, scene: scene.callAsFunction,
        label: photograph.labels(scene.callAsFunction, wander: 0.6), random: random)
      return (take, take.shows(classes.map(\.rawValue), pixels: max(12, take.label.values.count / 100)))
    }
  }
}
