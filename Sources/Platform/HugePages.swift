import CPlatform

/// Pages of 2 MiB for what is large and all used.
public enum HugePages {
  /// Asks for them before a block is written for the first time: each page costs one fault, and no byte is in memory that
  /// the block does not have. Does nothing for a block that is smaller than a page, or where the system has none.
  public static func prefer(for block: UnsafeMutableRawPointer, bytes: Int) {
    jml_prefer_huge_pages(block, bytes)
  }
}
