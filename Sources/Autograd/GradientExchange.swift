import Ranks
import Tensors

/// The sums of parameters' gradients over ranks, while the walk back goes on.
///
/// A gradient is finished when the last operation that uses its parameter has been passed. Finished ones are packed into
/// buckets in the order of the walk, which is that of the tape and so the same on every rank; a full bucket is sent on its
/// way at once, and all are waited for after the walk.
final class GradientExchange {
  /// Floats of a bucket: large enough for the speed of the network, small enough for several to be on their way.
  static let bucketCount = 1 << 21

  private struct Sent {
    let parameters: [Parameter]
    let sum: any PendingSum
  }

  private let communicator: any Communicator
  private let capacity: Int
  /// Operations that are still to be passed.
  private var uses: [ObjectIdentifier: Int] = [:]
  private var collected: [(parameter: Parameter, gradient: Tensor)] = []
  private var count = 0
  private var sent: [Sent] = []

  /// - Parameter uses: a parameter once for each operation that adds to its gradient.
  init(_ communicator: any Communicator, uses: [Parameter], capacity: Int = bucketCount) {
    self.communicator = communicator
    self.capacity = capacity
    for parameter in uses { self.uses[ObjectIdentifier(parameter), default: 0] += 1 }
  }

  /// One operation has been passed.
  func passed(_ parameters: [Parameter], _ gradients: inout Gradients) {
    for parameter in parameters {
      let key = ObjectIdentifier(parameter)
      uses[key, default: 0] -= 1
      if uses[key] == 0 { collect(parameter, &gradients) }
    }
    if !sent.isEmpty { communicator.progress() }
  }

  /// Sends the rest, and puts the sums in the place of this rank's gradients.
  func finish(_ gradients: inout Gradients) {
    let done = Set(sent.flatMap(\.parameters).map(ObjectIdentifier.init))
      .union(collected.map { ObjectIdentifier($0.parameter) })
    for parameter in gradients.parameters where !done.contains(ObjectIdentifier(parameter)) {
      collect(parameter, &gradients)
    }
    send()
    // Each bucket is let go before the next one is taken apart.
    sent.reverse()
    while let bucket = sent.popLast() {
      let sums = bucket.sum.wait()
      var start = 0
      for parameter in bucket.parameters {
        let sum = Tensor(uninitialized: parameter.shape, layout: parameter.value.layout)
        withExtendedLifetime((sums, sum)) {
          sum.pointer.update(from: sums.pointer + start, count: sum.elementCount)
        }
        start += sum.elementCount
        gradients.replace(parameter, by: sum)
      }
    }
  }

  private func collect(_ parameter: Parameter, _ gradients: inout Gradients) {
    guard let gradient = gradients[parameter] else { return }
    collected.append((parameter, gradient))
    count += gradient.elementCount
    if count >= capacity {
      // What is packed is let go here too.
      let packed = collected.map(\.parameter)
      send()
      for parameter in packed { gradients.replace(parameter, by: nil) }
    }
  }

  private func send() {
    guard !collected.isEmpty else { return }
    let bucket = Tensor(uninitialized: [count])
    var start = 0
    for (_, gradient) in collected {
      withExtendedLifetime((gradient, bucket)) {
        (bucket.pointer + start).update(from: gradient.pointer, count: gradient.elementCount)
      }
      start += gradient.elementCount
    }
    sent.append(Sent(parameters: collected.map(\.parameter), sum: communicator.startSum(bucket)))
    collected = []
    count = 0
  }
}
