import Tensors
import Testing

@Suite(.serialized) struct TensorTests {
  @Test func kernelValuesSurviveTheStoredLayout() {
    let shape: Shape = [3, 2, 2, 2]
    let values = (0..<shape.count).map(Float.init)
    let tensor = Tensor(uninitialized: shape, layout: .hwio)
    tensor.assign(kernelValues: values)
    #expect(tensor.kernelValues == values)
    // [k, k, in, out]: the first stored row is input 0 of tap (0, 0) for each output.
    #expect(Array(UnsafeBufferPointer(start: tensor.pointer, count: 3)) == [0, 8, 16])
  }

  @Test func blockedLayoutsPadTheirChannels() {
    #expect(Tensor.elementCount([2, 19, 3, 5], .blocked(8)) == 2 * 24 * 15)
    #expect(Tensor.elementCount([2, 19, 3, 5], .plain) == 2 * 19 * 15)
  }

  @Test func freedMemoryIsCountedAndReused() {
    let before = MemoryPool.liveBytes
    var address: UnsafeMutablePointer<Float>?
    do {
      let tensor = Tensor(repeating: 1, shape: [1000, 1001])
      address = tensor.pointer
      #expect(MemoryPool.liveBytes - before >= 1000 * 1001 * 4)
    }
    #expect(MemoryPool.liveBytes == before)
    let again = Tensor(repeating: 2, shape: [1000, 1001])
    #expect(again.pointer == address)
    #expect(UInt(bitPattern: again.pointer) % UInt(MemoryPool.alignment) == 0)
  }
}
