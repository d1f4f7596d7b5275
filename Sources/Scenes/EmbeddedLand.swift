import Foundation
import Images
import Tensors

/// Writes land from above in DeepGlobe Land Cover's layout: square JPEGs and, beside them, RGB masks in the class's
/// colours, black where nobody knows.
struct EmbeddedLand {
  /// The folder that gets `train`.
  let folder: String
  let seed: UInt64
  let sizes: EmbeddedData.Sizes

  func write() throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/train", withIntermediateDirectories: true)
    try EmbeddedData.forEach(sizes.landImages) { index in
      let picture = picture(index)
      let label = picture.label
      let path = "\(folder)/train/\(EmbeddedData.padded(index * 7 + 100, digits: 6))"
      try ImageFile.writeJPEG(picture.image(), quality: 92, to: "\(path)_sat.jpg")
      let pixels = label.values.flatMap {
        $0 == LabelMap.ignore ? LandClass.unknown : LandClass.colors[Int($0)]
      }
      try ImageFile.writePNG(
        ImageBuffer(height: label.height, width: label.width, pixels: pixels), to: "\(path)_mask.png")
    }
  }

  private func picture(_ index: Int) -> Take {
    Take.first { attempt in
      var random = RandomSource(seed: seed, purpose: "embedded land", index, attempt)
      let photograph = Photograph(height: sizes.landSide, width: sizes.landSide, using: &random)
      let classes = EmbeddedLand.classes(index, &random)
      let scene = LandScene(
        side: sizes.landSide, classes: classes, isClouded: index % 9 == 4,
        random: RandomSource(seed: random.next(), purpose: "land"))
      let take = Take(
        photograph: photograph, scene: scene.callAsFunction,
        label: photograph.labels(scene.callAsFunction, wander: 0.6), random: random)
      return (take, take.shows(classes.map(\.rawValue), pixels: take.label.values.count / 20))
    }
  }

  /// Two to four: the picture's own, in turn, so that a few pictures have them all, and others as often as DeepGlobe has
  /// them, where more than half of the land is agriculture.
  private static func classes(_ index: Int, _ random: inout RandomSource) -> [LandClass] {
    let frequent: [LandClass] = [
      .agriculture, .agriculture, .agriculture, .agriculture, .agriculture, .forest, .urban, .rangeland,
      .barren, .water,
    ]
    var classes = [LandClass.allCases[index % LandClass.allCases.count]]
    let wanted = 2 + random.below(3)
    while classes.count < wanted {
      let kind = random.pick(frequent)
      if !classes.contains(kind) { classes.append(kind) }
    }
    return classes
  }
}
