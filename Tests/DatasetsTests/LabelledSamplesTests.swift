import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct LabelledSamplesTests {
  private let samples = (1...6).map { number in
    SampleFiles(
      id: "2008_00000\(number)", imagePath: "JPEGImages/2008_00000\(number).jpg",
      labelPath: "SegmentationClass/2008_00000\(number).png")
  }

  private func listed(_ text: String, in samples: [SampleFiles]? = nil) throws -> [Int] {
    let folder = try TemporaryFolder()
    return try LabelledSamples.listed(
      path: folder.write(text.utf8, "labelled.txt"), in: samples ?? self.samples)
  }

  // MARK: Draws

  @Test func proportions() {
    // As many as published of the published split.
    for images in [92, 183, 366, 732, 1464] {
      let (labelled, others) = LabelledSamples.drawn(images: images, of: 10582, from: 10582, seed: 0)
      #expect(labelled.count == images && others.count == 10582 - images)
    }
    for (images, count, wanted) in [
      (92, 230, 2), (92, 57, 1), (1464, 96, 13), (10581, 5, 4), (1, 2, 1), (5291, 3, 2),
    ] {
      let (labelled, others) = LabelledSamples.drawn(images: images, of: 10582, from: count, seed: 7)
      #expect(labelled.count == wanted, "\(images) of \(count)")
      #expect(labelled == labelled.sorted() && others == others.sorted())
      #expect((labelled + others).sorted() == Array(0..<count))
      #expect(LabelledSamples.others(than: labelled, of: count) == others)
    }
    // Too small to be parted: the loader of the unlabelled stream says so.
    #expect(LabelledSamples.drawn(images: 1, of: 2, from: 1, seed: 0).others.isEmpty)
  }

  @Test func seeds() {
    let first = LabelledSamples.drawn(images: 92, of: 1464, from: 500, seed: 1).labelled
    #expect(LabelledSamples.drawn(images: 92, of: 1464, from: 500, seed: 1).labelled == first)
    #expect(LabelledSamples.drawn(images: 92, of: 1464, from: 500, seed: 2).labelled != first)
    #expect(LabelledSamples.drawn(share: 92.0 / 1464, of: 500, seed: 1).labelled == first)
    // Every sample may be drawn.
    var seen: Set<Int> = []
    for seed in 0..<200 {
      seen.formUnion(LabelledSamples.drawn(images: 1, of: 5, from: 30, seed: UInt64(seed)).labelled)
    }
    #expect(seen == Set(0..<30))
  }

  // MARK: Lists

  @Test(arguments: [
    "2008_000005\n2008_000002\n",
    "2008_000002\n2008_000005",
    "\u{FEFF}2008_000005\r\n\r\n  2008_000002\t\r\n",
    "JPEGImages/2008_000005.jpg SegmentationClass/2008_000005.png\nJPEGImages/2008_000002.jpg SegmentationClass/2008_000002.png\n",
    "\u{FEFF}/JPEGImages/2008_000005.jpg\t/SegmentationClassAug/2008_000005.png\r\n\n2008_000002.jpg",
    "2008_000005\n   \n\nJPEGImages/2008_000002.jpg",
    "2008_000005\r2008_000002\r",
    "./JPEGImages/2008_000005.jpg\r\r2008_000002",
  ])
  func lists(_ text: String) throws {
    // The order of the split, whatever the list's.
    #expect(try listed(text) == [1, 4])
  }

  /// Identifiers of other data sets have slashes, dots and spaces of their own.
  @Test func otherIdentifiers() throws {
    let samples = ["a/1", "b/1", "c.d", "two words", "1"].map {
      SampleFiles(id: $0, imagePath: "\($0).png", labelPath: nil)
    }
    #expect(try listed("b/1\nc.d\ntwo words\n", in: samples) == [1, 2, 3])
    #expect(try listed("images/1.png labels/1.png\nimages/c.d.jpg x", in: samples) == [2, 4])
  }

  /// Names have blanks, and one is the beginning of another; an accent is one code point or two.
  @Test func namesOfAllKinds() throws {
    let samples = ["two", "two words", "caf\u{E9}", "cafe\u{301}", "x.y", ".z"].map {
      SampleFiles(id: $0, imagePath: "root/images/\($0).jpg", labelPath: nil)
    }
    #expect(try listed("images/two words.jpg masks/two words.png", in: samples) == [1])
    #expect(try listed("images/two.jpg masks/two words.png\ntwo words", in: samples) == [0, 1])
    #expect(try listed("cafe\u{301}\n", in: samples) == [3])
    #expect(try listed("images/caf\u{E9}.jpg masks/cafe\u{301}.png\nx.y\n.z", in: samples) == [2, 4, 5])
    #expect { try listed("two 1", in: samples) } throws: {
      "\($0)".contains(":1: 'two 1' is not in the split")
    }
  }

  /// Two cities, one name: paths tell them apart, as the lists of public codes have them.
  @Test func pathsOfCities() throws {
    let samples = ["a/x", "b/x", "c_1"].map { id in
      let (city, stem) = (
        id.split(whereSeparator: { "/_".contains($0) })[0], id.split(separator: "/").last ?? ""
      )
      return SampleFiles(
        id: id, imagePath: "root/leftImg8bit/train/\(city)/\(stem)_leftImg8bit.png", labelPath: nil)
    }
    let list = "leftImg8bit/train/b/x_leftImg8bit.png gtFine/train/b/x_gtFine_labelTrainIds.png\nc_1\n"
    #expect(try listed(list, in: samples) == [1, 2])
    #expect(try listed("leftImg8bit/train/c/c_1_leftImg8bit.png\na/x", in: samples) == [0, 2])
    #expect(throws: DatasetError.self) { try listed("x_leftImg8bit.png", in: samples) }
  }

  @Test func encodings() throws {
    let folder = try TemporaryFolder()
    for (encoding, mark) in [
      (String.Encoding.utf16LittleEndian, [0xFF, 0xFE] as [UInt8]), (.utf16BigEndian, [0xFE, 0xFF]),
    ] {
      let text = try #require("2008_000005\r\n2008_000002\r\n".data(using: encoding))
      let path = try folder.write(mark + text, "list.txt")
      #expect(try LabelledSamples.listed(path: path, in: samples) == [1, 4])
      // Without the mark it is no text.
      try folder.write(text, "list.txt")
      #expect { try LabelledSamples.listed(path: path, in: samples) } throws: {
        "\($0)".contains("save the list as UTF-8")
      }
    }
    let path = try folder.write("2008_000002\n".utf8 + [0x63, 0xE9, 0x0A], "list.txt")
    #expect { try LabelledSamples.listed(path: path, in: samples) } throws: {
      "\($0)".hasPrefix("\(path):2: ")
    }
    try folder.write([0xFF, 0xFE, 0, 0, 0x32, 0, 0, 0], "list.txt")
    #expect { try LabelledSamples.listed(path: path, in: samples) } throws: { "\($0)".contains("UTF-32") }
  }

  @Test(arguments: [
    ("2008_000001\n\n2008_000001\n", "3: '2008_000001' stands twice"),
    ("2008_000001\nJPEGImages/2008_000001.jpg x\n", "2: '2008_000001' stands twice"),
    (
      "2008_000001\n2008_000007\n",
      "2: '2008_000007' is not in the split; allowed: an identifier of one of its 6"
    ),
    (
      "\n\nJPEGImages/2011_000001.jpg SegmentationClass/2008_000001.png",
      "3: '2011_000001' is not in the split"
    ),
    ("2008_000001,2008_000002", "1: '2008_000001,2008_000002' is not in the split"),
    ("2008_00000", "1: '2008_00000' is not in the split"),
    ("", " no image identifier"), ("\u{FEFF}\r\n \n", " no image identifier"),
    (
      "2008_000001\n2008_000002\n2008_000003\n2008_000004\n2008_000005\n2008_000006\n",
      " all 6 samples of the split are listed as labelled; allowed: at most 5"
    ),
  ])
  func badLists(_ text: String, _ says: String) {
    #expect {
      try listed(text)
    } throws: { $0 is DatasetError && "\($0)".contains("/labelled.txt:\(says)") }
  }

  @Test func typedErrors() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("2008_000001\nx\n".utf8, "list.txt")
    #expect(throws: DatasetError.unknownIdentifier(path: path, line: 2, id: "x", samples: 6)) {
      try LabelledSamples.listed(path: path, in: samples)
    }
    for unreadable in ["\(folder.path)/none.txt", folder.path] {
      #expect {
        try LabelledSamples.listed(path: unreadable, in: samples)
      } throws: {
        guard case DatasetError.image = $0 else { return false }
        return "\($0)".contains(unreadable)
      }
    }
  }

  @Test func canonicalText() {
    #expect(LabelledSamples.canonical(["b_2", "B_1", "b_10", "a"]) == "B_1\na\nb_10\nb_2")
    #expect(LabelledSamples.canonical(["b", "a"]) == LabelledSamples.canonical(["a", "b"]))
    #expect(LabelledSamples.canonical([]) == "")
  }
}
