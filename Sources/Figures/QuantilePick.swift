/// Chooses items by where their values stand among all values, so that nobody chooses them by hand.
public enum QuantilePick {
  /// For each quantile an item whose rank is nearest to it, each item once: a rank that is taken gives way to the next
  /// free one, the lower of two. Equal values rank in their order.
  /// - Parameters:
  ///   - quantiles: in [0, 1].
  ///   - values: nil for items that cannot be chosen.
  /// - Returns: places in `values`, one for each quantile in its order; fewer if there are fewer items.
  public static func items(at quantiles: [Double], of values: [Double?]) -> [(quantile: Double, item: Int)] {
    let ranked = values.enumerated().compactMap { place, value in value.map { (value: $0, place: place) } }
      .sorted { ($0.value, $0.place) < ($1.value, $1.place) }
    var free = Set(ranked.indices)
    return quantiles.compactMap { quantile in
      let wanted = Int((quantile * Double(ranked.count - 1)).rounded())
      guard let rank = free.min(by: { (abs($0 - wanted), $0) < (abs($1 - wanted), $1) }) else { return nil }
      free.remove(rank)
      return (quantile: quantile, item: ranked[rank].place)
    }
  }
}
