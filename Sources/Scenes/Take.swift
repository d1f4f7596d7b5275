import Images
import Tensors

/// A scene in front of the camera, labelled, before it is photographed.
struct Take {
  let photograph: Photograph
  let scene: (Float, Float) -> Sight
  let label: LabelMap
  /// Of the sensor's noise.
  let random: RandomSource

  /// Whether each of the label values has `pixels` pixels.
  func shows(_ values: some Sequence<UInt8>, pixels: Int) -> Bool {
    values.allSatisfy { value in label.values.lazy.filter { $0 == value }.prefix(pixels).count == pixels }
  }

  func image() -> ImageBuffer {
    var random = random
    return photograph.image(scene, using: &random)
  }

  /// Sets scenes up until what one is meant to show can be seen, behind whatever stands in front; the fiftieth is taken
  /// as it is.
  static func first(_ take: (_ attempt: Int) -> (take: Take, isSeen: Bool)) -> Take {
    var attempt = 0
    while true {
      let (taken, isSeen) = take(attempt)
      attempt += 1
      if isSeen || attempt == 50 { return taken }
    }
  }
}
