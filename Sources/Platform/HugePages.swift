import CPlatform

/// Pages of 2 MiB for what is large and all used.
public enum HugePages {
  /// Of one page. A block that begins at a multiple of it has as many as fit.
  public static let bytes = Int(JML_HUGE_PAGE)

  /// Asks for them before a block is written for the first time: each costs one fault in place of 512. What is left at the
  /// end of the block has small ones, so that no more memory is taken. Does nothing where the system has none.
  public static func prefer(for block: UnsafeMutableRawPointer, bytes: Int) {
    jml_prefer_huge_pages(block, bytes)
  }
}
