import Foundation
import Images
import Tensors

/// Writes streets in Cityscapes' layout, labels as raw ids.
struct EmbeddedStreets {
  /// The folder that gets `leftImg8bit` and `gtFine`.
  let folder: String
  let seed: UInt64
  let sizes: EmbeddedData.Sizes

  func write() throws {
    try write(split: "train", count: sizes.streetTrain, cities: ["arden", "brooke"])
    try write(split: "val", count: sizes.streetVal, cities: ["cresta"])
  }

  private func write(split: String, count: Int, cities: [String]) throws {
    for kind in ["leftImg8bit", "gtFine"] {
      for city in cities {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(kind)/\(split)/\(city)", withIntermediateDirectories: true)
      }
    }
    try EmbeddedData.forEach(count) { index in
      let city = cities[index * cities.count / count]
      let number = String(index)
      let id = "\(city)_\(String(repeating: "0", count: max(0, 6 - number.count)))\(number)_000019"
      let (image, label) = picture(split: split, index: index, count: count)
      try ImageFile.writePNG(image, to: "\(folder)/leftImg8bit/\(split)/\(city)/\(id)_leftImg8bit.png")
      try ImageFile.writeGreyPNG(label, to: "\(folder)/gtFine/\(split)/\(city)/\(id)_gtFine_labelIds.png")
    }
  }

  /// Draws until what the picture is meant to show can be seen in it, behind whatever stands in front.
  private func picture(split: String, index: Int, count: Int) -> (ImageBuffer, LabelMap) {
    let forced = EmbeddedData.forced(index: index, count: count, kinds: StreetScene.Feature.allCases.count)
      .compactMap(StreetScene.Feature.init(rawValue:))
    var attempt = 0
    while true {
      var random = RandomSource(seed: seed, purpose: "embedded street \(split)", index, attempt)
      let photograph = Photograph(height: sizes.streetHeight, width: sizes.streetWidth, using: &random)
      let scene = StreetBuilder.scene(
        height: sizes.streetHeight, width: sizes.streetWidth, forced: forced,
        random: RandomSource(seed: random.next(), purpose: "street"))
      let label = photograph.labels(scene.callAsFunction, wander: 1.2)
      let enough = max(12, label.values.count / 1000)
      let isSeen = forced.allSatisfy { feature in
        label.values.lazy.filter { $0 == feature.rawId }.prefix(enough).count == enough
      }
      attempt += 1
      guard isSeen || attempt == 50 else { continue }
      return (photograph.image(scene.callAsFunction, using: &random), label)
    }
  }
}

extension StreetScene.Feature {
  fileprivate var rawId: UInt8 {
    switch self {
    case .wall: return StreetScene.Raw.wall
    case .fence: return StreetScene.Raw.fence
    case .terrain: return StreetScene.Raw.terrain
    case .trafficLight: return StreetScene.Raw.trafficLight
    case .trafficSign: return StreetScene.Raw.trafficSign
    case .person: return StreetScene.Raw.person
    case .rider: return StreetScene.Raw.rider
    case .truck: return StreetScene.Raw.truck
    case .bus: return StreetScene.Raw.bus
    case .train: return StreetScene.Raw.train
    case .motorcycle: return StreetScene.Raw.motorcycle
    case .bicycle: return StreetScene.Raw.bicycle
    }
  }
}
