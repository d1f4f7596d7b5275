#if MPI
  import CMPI
  import Ranks
  import Tensors

  /// Ranks that are processes, by MPI. Everything is called from the thread that has made it (MPI_THREAD_FUNNELED).
  final class MPICommunicator: Communicator, @unchecked Sendable {
    let rank: Int
    let size: Int
    private(set) var failure: RanksError?
    private let library: UnsafeMutablePointer<jml_mpi>
    /// On their way, the oldest first.
    private var exchanges: [Exchange] = []

    /// Starts the library.
    init() throws(RanksError) {
      library = .allocate(capacity: 1)
      library.initialize(to: jml_mpi())
      let code = jml_mpi_start(library)
      (rank, size) = (Int(library.pointee.rank), Int(library.pointee.size))
      guard code == jml_mpi_success() else {
        throw .library(operation: "MPI_Init_thread", reason: MPICommunicator.reason(code))
      }
    }

    deinit { library.deallocate() }

    private static func reason(_ code: Int32) -> String {
      var text = [CChar](repeating: 0, count: 512)
      jml_mpi_reason(code, &text, Int32(text.count))
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      return String(decoding: bytes, as: UTF8.self)
    }

    /// Remembers the first failure.
    fileprivate func check(_ operation: String, _ code: Int32) {
      guard code != jml_mpi_success(), failure == nil else { return }
      failure = .library(operation: operation, reason: MPICommunicator.reason(code))
    }

    func gather(
      _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer
    ) {
      precondition(
        lengths.count == size && own.count == lengths[rank] && all.count == lengths.reduce(0, +),
        "gather: \(own.count) bytes of rank \(rank) into \(all.count), lengths \(lengths)")
      precondition(all.count <= Int(Int32.max), "gather: \(all.count) bytes are more than MPI counts")
      if failure == nil {
        let starts = lengths.startsOfSlices
        check(
          "MPI_Allgatherv",
          jml_mpi_gather(
            library, own.baseAddress, Int32(own.count), all.baseAddress, lengths.map(Int32.init), starts))
      }
      guard failure != nil else { return }
      for place in all.indices { all[place] = 0 }
    }

    func startSum(_ own: Tensor) -> any PendingSum {
      let exchange = Exchange(own, self, library)
      if failure == nil {
        exchange.start()
        exchanges.append(exchange)
      }
      return exchange
    }

    func progress() {
      var isFirst = true
      for exchange in exchanges {
        guard failure == nil else { return }
        // The second halves begin in the order of the first ones, on all ranks.
        exchange.advance(mayCollect: isFirst, waits: false)
        if !exchange.isCollecting { isFirst = false }
      }
      exchanges.removeAll(where: \.isDone)
    }

    fileprivate func finish(_ exchange: Exchange) {
      while let oldest = exchanges.first, !exchange.isDone, failure == nil {
        oldest.advance(mayCollect: true, waits: true)
        if oldest.isDone { exchanges.removeFirst() }
      }
    }
  }

  /// One sum in two halves: each rank gets its slice of everybody's numbers, adds them in rank order, and all collect the
  /// slices.
  private final class Exchange: PendingSum {
    private enum Stage {
      case scattering, collecting, done
    }

    private let buffer: Tensor
    /// Until it has been added.
    private var received: Tensor?
    private let communicator: MPICommunicator
    private let library: UnsafeMutablePointer<jml_mpi>
    private let request: UnsafeMutablePointer<jml_mpi_request>
    /// Counts and starts of everybody's slices, then of what this rank receives; the library reads them until it is done.
    private let numbers: UnsafeMutablePointer<Int32>
    private var stage = Stage.scattering

    private var ranks: Int { communicator.size }
    private var own: (start: Int, count: Int) {
      (Int(numbers[ranks + communicator.rank]), Int(numbers[communicator.rank]))
    }

    init(_ buffer: Tensor, _ communicator: MPICommunicator, _ library: UnsafeMutablePointer<jml_mpi>) {
      let (rank, ranks, count) = (communicator.rank, communicator.size, buffer.shape.count)
      precondition(
        buffer.layout == .plain && count * ranks <= Int(Int32.max),
        "sum: \(buffer.shape) (\(buffer.layout)) of \(ranks) ranks is more than MPI counts")
      self.buffer = buffer
      self.communicator = communicator
      self.library = library
      let slices = (0..<ranks).map { ($0 + 1) * count / ranks - $0 * count / ranks }
      let mine = [Int](repeating: slices[rank], count: ranks)
      received = Tensor(uninitialized: [max(1, slices[rank] * ranks)])
      request = .allocate(capacity: 1)
      request.initialize(to: jml_mpi_request())
      numbers = .allocate(capacity: 4 * ranks)
      let all =
        slices.map(Int32.init) + slices.startsOfSlices + mine.map(Int32.init) + mine.startsOfSlices
      for (place, number) in all.enumerated() { (numbers + place).initialize(to: number) }
    }

    deinit {
      // After a failure the library may still be writing.
      guard stage == .done || communicator.failure == nil else { return }
      request.deallocate()
      numbers.deallocate()
    }

    var isDone: Bool { stage == .done }
    /// Whether the second half has begun.
    var isCollecting: Bool { stage != .scattering }

    func start() {
      communicator.check(
        "MPI_Ialltoallv",
        jml_mpi_start_scatter(
          library, buffer.pointer, numbers, numbers + ranks, received?.pointer, numbers + 2 * ranks,
          numbers + 3 * ranks, request))
    }

    /// Goes on as far as it can, or waits for the stage it is in.
    func advance(mayCollect: Bool, waits: Bool) {
      if stage == .scattering, mayCollect, isComplete("MPI_Ialltoallv", waits) {
        add()
        communicator.check(
          "MPI_Iallgatherv",
          jml_mpi_start_collect(library, buffer.pointer, numbers, numbers + ranks, request))
        stage = .collecting
      } else if stage == .collecting, isComplete("MPI_Iallgatherv", waits) {
        stage = .done
      }
    }

    private func isComplete(_ operation: String, _ waits: Bool) -> Bool {
      var done: Int32 = 1
      communicator.check(operation, waits ? jml_mpi_wait(request) : jml_mpi_test(request, &done))
      return done != 0 && communicator.failure == nil
    }

    /// The sum of this rank's slice, in rank order.
    private func add() {
      guard let received else { return }
      self.received = nil
      let (start, count) = own
      withExtendedLifetime((buffer, received)) {
        let (sum, numbers) = (buffer.pointer + start, received.pointer)
        sum.update(from: numbers, count: count)
        for rank in 1..<max(1, ranks) {
          let other = numbers + rank * count
          for index in 0..<count { sum[index] += other[index] }
        }
      }
    }

    func wait() -> Tensor {
      communicator.finish(self)
      return buffer
    }
  }

  extension [Int] {
    /// Where slices of these lengths begin, one after another.
    fileprivate var startsOfSlices: [Int32] {
      var start = 0
      return map { length in
        defer { start += length }
        return Int32(start)
      }
    }
  }
#endif
