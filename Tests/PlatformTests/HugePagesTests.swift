import Platform
import Testing

@Suite struct HugePagesTests {
  /// What is asked for changes no byte, of the block or beside it, wherever the block begins.
  @Test(arguments: [(0, 100), (64, 4 << 20), (12_345, 6_000_001)]) func bytesStay(_ offset: Int, _ bytes: Int)
  {
    let whole = offset + bytes + 4096
    let memory = UnsafeMutableRawPointer.allocate(byteCount: whole, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: whole)
    HugePages.prefer(for: memory + offset, bytes: bytes)
    #expect(UnsafeRawBufferPointer(start: memory, count: whole).allSatisfy { $0 == 0xA5 })
  }
}
