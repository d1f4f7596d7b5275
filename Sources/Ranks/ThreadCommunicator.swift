import Foundation
import Tensors

/// Ranks that are threads of one process: the laws of the engine are tested with them, without a library.
public final class ThreadCommunicator: Communicator, @unchecked Sendable {
  public let rank: Int
  public var size: Int { room.size }
  private let room: Room
  /// Collectives that this rank has begun; touched by its thread alone.
  private var calls = 0

  private init(rank: Int, _ room: Room) {
    self.rank = rank
    self.room = room
  }

  /// Runs `body` on `size` threads, one a rank, and waits for all. A rank whose body throws leaves, and its companions learn
  /// of it in their next collective.
  ///
  /// - Returns: what each rank has made, in rank order.
  public static func run<Value: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Value
  ) -> [Result<Value, any Error>] {
    precondition(size > 0, "ThreadCommunicator: \(size) ranks")
    let room = Room(size)
    let results = Results<Value>(size)
    for rank in 0..<size {
      let thread = Thread {
        let result = Result { try body(ThreadCommunicator(rank: rank, room)) }
        if case .failure(let error) = result { room.leave(rank, "\(error)") }
        room.leave(rank, "it has ended")
        results.put(result, rank)
      }
      thread.stackSize = 1 << 23
      thread.start()
    }
    return results.wait()
  }

  public var failure: RanksError? { room.failure(of: rank) }

  public func gather(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer
  ) {
    precondition(
      lengths.count == size && own.count == lengths[rank] && all.count == lengths.reduce(0, +),
      "gather: \(own.count) bytes of rank \(rank) into \(all.count), lengths \(lengths)")
    calls += 1
    room.put(.bytes(Array(own)), call: calls, rank: rank)
    var start = 0
    for (other, given) in (room.take(call: calls, rank: rank) ?? []).enumerated() {
      guard case .bytes(let bytes) = given else {
        preconditionFailure("gather: rank \(other) is at another collective than rank \(rank)")
      }
      precondition(
        bytes.count == lengths[other], "gather: \(bytes.count) bytes of rank \(other), lengths \(lengths)")
      for (place, byte) in bytes.enumerated() { all[start + place] = byte }
      start += bytes.count
    }
    for place in start..<all.count { all[place] = 0 }
  }

  public func startSum(_ own: Tensor) -> any PendingSum {
    calls += 1
    room.put(.tensor(own), call: calls, rank: rank)
    return Pending(room, call: calls, rank: rank, shape: own.shape)
  }

  public func progress() {}

  private final class Pending: PendingSum {
    private let room: Room
    private let call: Int
    private let rank: Int
    private let shape: Shape

    init(_ room: Room, call: Int, rank: Int, shape: Shape) {
      (self.room, self.call, self.rank, self.shape) = (room, call, rank, shape)
    }

    func wait() -> Tensor {
      let sum = Tensor(repeating: 0, shape: shape)
      for (other, given) in (room.take(call: call, rank: rank) ?? []).enumerated() {
        guard case .tensor(let tensor) = given else {
          preconditionFailure("sum: rank \(other) is at another collective than rank \(rank)")
        }
        precondition(tensor.shape == shape, "sum: \(tensor.shape) of rank \(other), \(shape) of rank \(rank)")
        withExtendedLifetime((tensor, sum)) {
          // The first one as it is: 0 + -0 would be another.
          for index in 0..<shape.count {
            sum.pointer[index] =
              other == 0 ? tensor.pointer[index] : sum.pointer[index] + tensor.pointer[index]
          }
        }
      }
      return sum
    }
  }

  private enum Given {
    case bytes([UInt8])
    case tensor(Tensor)
  }

  /// Where ranks put down what they give and take what all have given. Everything is read and written under the lock.
  private final class Room: @unchecked Sendable {
    let size: Int
    private let condition = NSCondition()
    private var given: [Int: [Given?]] = [:]
    private var takers: [Int: Int] = [:]
    private var left: [Int: String] = [:]
    private var failures: [Int: RanksError] = [:]

    init(_ size: Int) { self.size = size }

    func put(_ value: Given, call: Int, rank: Int) {
      condition.withLock {
        given[call, default: [Given?](repeating: nil, count: size)][rank] = value
        condition.broadcast()
      }
    }

    /// What all ranks have given in the call, or nil when one of them never will.
    func take(call: Int, rank: Int) -> [Given]? {
      condition.withLock {
        while true {
          let present = given[call] ?? []
          let all = present.compactMap { $0 }
          if all.count == size, failures[rank] == nil {
            takers[call, default: 0] += 1
            if takers[call] == size {
              given[call] = nil
              takers[call] = nil
            }
            return all
          }
          let absent = left.keys.sorted().first { present.isEmpty || present[$0] == nil }
          if let absent, failures[rank] == nil {
            failures[rank] = .lost(rank: absent, reason: left[absent] ?? "")
          }
          if failures[rank] != nil { return nil }
          condition.wait()
        }
      }
    }

    func leave(_ rank: Int, _ reason: String) {
      condition.withLock {
        if left[rank] == nil { left[rank] = reason }
        condition.broadcast()
      }
    }

    func failure(of rank: Int) -> RanksError? { condition.withLock { failures[rank] } }
  }

  private final class Results<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var values: [Result<Value, any Error>?]

    init(_ size: Int) { values = [Result<Value, any Error>?](repeating: nil, count: size) }

    func put(_ value: Result<Value, any Error>, _ rank: Int) {
      condition.withLock {
        values[rank] = value
        condition.broadcast()
      }
    }

    func wait() -> [Result<Value, any Error>] {
      condition.withLock {
        while values.contains(where: { $0 == nil }) { condition.wait() }
        return values.compactMap { $0 }
      }
    }
  }
}
