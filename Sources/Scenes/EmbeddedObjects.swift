import Datasets
import Foundation
import Images
import Tensors

/// Writes objects in PASCAL VOC's layout: official palette masks with a void ring, for some pictures only,
/// and grey masks without void as SBD's, for most; lists that differ accordingly.
struct EmbeddedObjects {
  /// The folder that gets `JPEGImages`, `SegmentationClass`, `SegmentationClassAug` and `ImageSets`.
  let folder: String
  let seed: UInt64
  let sizes: EmbeddedData.Sizes

  private static let classCount = PascalVOC.classes.count - 1

  func write() throws {
    for kind in ["JPEGImages", "SegmentationClass", "SegmentationClassAug", "ImageSets/Segmentation"] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(kind)", withIntermediateDirectories: true)
    }
    let count = sizes.objectTrain + sizes.objectVal
    try EmbeddedData.forEach(count) { index in
      let isVal = index >= sizes.objectTrain
      let position = isVal ? index - sizes.objectTrain : index
      try writePicture(
        id: id(index), position: position, count: isVal ? sizes.objectVal : sizes.objectTrain, index: index,
        isOfficial: isVal || isInTrain(position), hasExtra: isVal ? position % 4 != 3 : hasExtra(position))
    }
    let train = 0..<sizes.objectTrain
    try writeList("train", train.filter(isInTrain))
    try writeList("trainaug", Array(train))
    try writeList("val", Array(sizes.objectTrain..<count))
  }

  /// Every third picture, which has its turn at every class, is in the official training list.
  private func isInTrain(_ position: Int) -> Bool { position % 3 == 0 }

  private func hasExtra(_ position: Int) -> Bool { position % 9 != 0 }

  private func id(_ index: Int) -> String { "2012_" + EmbeddedData.padded(index, digits: 6) }

  private func writeList(_ split: String, _ indices: [Int]) throws {
    let text = indices.map { id($0) + "\n" }.joined()
    try EmbeddedFolder.writeText(text, to: "\(folder)/ImageSets/Segmentation/\(split).txt")
  }

  private func writePicture(
    id: String, position: Int, count: Int, index: Int, isOfficial: Bool, hasExtra: Bool
  ) throws {
    var classes = EmbeddedData.forced(index: position, count: count, kinds: EmbeddedObjects.classCount).map {
      $0 + 1
    }
    // The picture's own class comes first: it sets the scene.
    let own = position % EmbeddedObjects.classCount + 1
    classes.removeAll { $0 == own }
    classes.insert(own, at: 0)
    let picture = Take.first { attempt in
      var random = RandomSource(seed: seed, purpose: "embedded object", index, attempt)
      let long = sizes.objectSide * (85 + random.below(31)) / 100
      let short = long * (65 + random.below(31)) / 100
      let isPortrait = random.chance(0.3)
      let (height, width) = isPortrait ? (long, short) : (short, long)
      let photograph = Photograph(height: height, width: width, using: &random)
      let scene = ObjectScene(
        height: height, width: width, classes: classes,
        random: RandomSource(seed: random.next(), purpose: "object"))
      let take = Take(
        photograph: photograph, scene: scene.callAsFunction,
        label: EmbeddedObjects.withVoid(photograph.labels(scene.callAsFunction, wander: 0.3)), random: random)
      return (take, take.shows(classes.map { UInt8($0) }, pixels: 24))
    }
    try ImageFile.writeJPEG(picture.image(), quality: 92, to: "\(folder)/JPEGImages/\(id).jpg")
    if isOfficial {
      try ImageFile.writePalettePNG(
        picture.label, palette: PascalVOC.palette, to: "\(folder)/SegmentationClass/\(id).png")
    }
    if hasExtra {
      try ImageFile.writeGreyPNG(
        picture.photograph.labels(picture.scene, wander: 1.3), to: "\(folder)/SegmentationClassAug/\(id).png")
    }
  }

  /// Marks as void every pixel that has another class within one pixel.
  private static func withVoid(_ label: LabelMap) -> LabelMap {
    var result = label
    for y in 0..<label.height {
      for x in 0..<label.width {
        let own = label[y, x]
        search: for ny in max(y - 1, 0)...min(y + 1, label.height - 1) {
          for nx in max(x - 1, 0)...min(x + 1, label.width - 1) where label[ny, nx] != own {
            result[y, x] = LabelMap.ignore
            break search
          }
        }
      }
    }
    return result
  }
}
