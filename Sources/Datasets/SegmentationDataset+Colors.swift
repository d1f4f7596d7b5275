import Tensors

extension SegmentationDataset {
  /// Classes in their colours, ignored pixels in PASCAL VOC's for void: three bytes a value.
  public func colors(of labels: some Sequence<UInt8>) -> [UInt8] {
    let classColors = classColors
    return labels.flatMap { value in
      value == LabelMap.ignore ? PascalVOC.palette[Int(LabelMap.ignore)] : classColors[Int(value)]
    }
  }
}
