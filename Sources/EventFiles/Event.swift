/// One record of TensorBoard's event files: what was known at an iteration.
///
/// Field numbers are those of TensorBoard's `event.proto`, `summary.proto` and `tensor.proto`.
public struct Event: Equatable, Sendable {
  /// In seconds; TensorBoard takes them as seconds since 1970.
  public let wallTime: Double
  /// Iterations done.
  public let step: Int
  public let content: Content

  public enum Content: Equatable, Sendable {
    /// The first record of every file.
    case fileVersion
    case values([Value])
  }

  public enum Value: Equatable, Sendable {
    case scalar(tag: String, Float)
    /// Shown as Markdown.
    case text(tag: String, String)
  }

  public init(wallTime: Double, step: Int, _ content: Content) {
    self.wallTime = wallTime
    self.step = step
    self.content = content
  }

  /// The version of the format that this is written in.
  static let version = "brain.Event:2"

  /// The serialised `Event`.
  public var message: [UInt8] {
    var event = ProtobufMessage()
    event.add(1, wallTime)
    event.add(2, step)
    switch content {
    case .fileVersion: event.add(3, Event.version)
    case .values(let values):
      var summary = ProtobufMessage()
      for value in values { summary.add(1, Event.message(value)) }
      event.add(5, summary)
    }
    return event.bytes
  }

  private static func message(_ value: Value) -> ProtobufMessage {
    var message = ProtobufMessage()
    switch value {
    case .scalar(let tag, let number):
      message.add(1, tag)
      message.add(2, always: number)
    case .text(let tag, let text):
      message.add(1, tag)
      message.add(8, strings([text]))
      message.add(9, metadata(plugin: "text"))
    }
    return message
  }

  /// A `TensorProto` of type DT_STRING and shape [count].
  private static func strings(_ texts: [String]) -> ProtobufMessage {
    var dimension = ProtobufMessage()
    dimension.add(1, texts.count)
    var shape = ProtobufMessage()
    shape.add(2, dimension)
    var tensor = ProtobufMessage()
    tensor.add(1, 7)
    tensor.add(2, shape)
    for text in texts { tensor.add(8, element: Array(text.utf8)) }
    return tensor
  }

  /// Which plugin of TensorBoard shows a value.
  private static func metadata(plugin: String) -> ProtobufMessage {
    var data = ProtobufMessage()
    data.add(1, plugin)
    var metadata = ProtobufMessage()
    metadata.add(1, data)
    return metadata
  }
}
