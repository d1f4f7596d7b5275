/// A place inside a network whose feature map a method may ask for.
public enum FeatureTap: String, CaseIterable, Sendable {
  /// Stride 2: before the first pooling of a ResNet, after the first stage of MobileNetV2. Transformers have none.
  case stem
  /// Stride 4.
  case stage1
  /// Stride 8, like the next two, or what the output stride leaves of 16 and 32.
  case stage2
  case stage3
  /// The backbone's last map.
  case stage4
  /// Stride 4, DeepLabV3+ alone: the pyramid's output beside the shortcut's, which the two last 3x3 convolutions read.
  case joined
  /// The decoder's output after its dropout, which the classifier reads. Dropout is active in training passes, so that
  /// a student's map differs from what evaluation would show.
  case decoder
}
