import CPlatform

/// File systems that several machines see, or that another system holds for this one: what one locks there, another may
/// take all the same.
public enum SharedFileSystem {
  /// By the numbers of statfs(2): NFS, SMB and CIFS, Lustre, GPFS, Ceph, BeeGFS, FUSE, 9P, AFS, OCFS2, GFS2, OrangeFS,
  /// PanFS, folders of a virtual machine's host.
  private static let numbers: Set<UInt32> = [
    0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0BD0_0BD3, 0x4750_4653, 0x00C3_6400, 0x1983_0326,
    0x6573_5546, 0x0102_1997, 0x5346_414F, 0x6B41_4653, 0x7461_636F, 0x0116_1970, 0x2003_0528, 0xAAD7_AAEA,
    0x786F_4256,
  ]

  /// Whether a file or folder lies on one; false where the system does not say.
  public static func holds(_ path: String) -> Bool { numbers.contains(jml_file_system_number(path)) }
}
