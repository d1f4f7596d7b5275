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
      let id = "\(city)_\(EmbeddedData.padded(index, digits: 6))_000019"
      let picture = picture(split: split, index: index, count: count)
      try ImageFile.writePNG(
        picture.image(), to: "\(folder)/leftImg8bit/\(split)/\(city)/\(id)_leftImg8bit.png")
      try ImageFile.writeGreyPNG(
        picture.label, to: "\(folder)/gtFine/\(split)/\(city)/\(id)_gtFine_labelIds.png")
    }
  }

  private func picture(split: String, index: Int, count: Int) -> Take {
    let forced = EmbeddedData.forced(index: index, count: count, kinds: StreetScene.Feature.allCases.count)
      .compactMap(StreetScene.Feature.init(rawValue:))
    return Take.first { attempt in
      var random = RandomSource(seed: seed, purpose: "embedded street \(split)", index, attempt)
      let photograph = Photograph(height: sizes.streetHeight, width: sizes.streetWidth, using: &random)
      let scene = StreetBuilder.scene(
        height: sizes.streetHeight, width: sizes.streetWidth, forced: forced,
        random: RandomSource(seed: random.next(), purpose: "street"))
      let take = Take(
        photograph: photograph, scene: scene.callAsFunction,
        label: photograph.labels(scene.callAsFunction, wander: 1.2), random: random)
      return (take, take.shows(forced.map(\.rawId), pixels: max(12, take.label.values.count / 1000)))
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
