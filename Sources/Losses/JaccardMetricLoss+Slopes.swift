import Foundation

extension JaccardMetricLoss {
  /// The loss as a function of the totals, with its derivatives.
  func slopes(_ totals: JaccardTotals) -> JaccardSlopes {
    let classes = totals.classes
    let count = totals.batch * classes
    precondition(
      classWeights.map { $0.count == classes } ?? true,
      "JaccardMetricLoss: \(classWeights?.count ?? 0) class weights for \(classes) classes")
    var result = JaccardSlopes(count: count)

    if averaging.perDataset != 0 {
      let sum = totals.summed
      let active = (0..<classes).filter { sum.isActive($0, self.active) }
      for c in active {
        let term = self.term(sum, c)
        let weight = averaging.perDataset / Double(active.count) * (classWeights?[c] ?? 1)
        result.value += weight * term.value
        for index in stride(from: c, to: count, by: classes) { result.add(term, weight: weight, at: index) }
      }
    }

    guard averaging.perImage != 0 || averaging.perClass != 0 else { return result }
    let active = (0..<count).map { totals.isActive($0, self.active) }
    let perImage = (0..<totals.batch).map { b in (0..<classes).count { active[b * classes + $0] } }
    let perClass = (0..<classes).map { c in (0..<totals.batch).count { active[$0 * classes + c] } }
    let images = Double(perImage.count { $0 > 0 })
    let present = Double(perClass.count { $0 > 0 })
    for index in 0..<count where active[index] {
      let term = self.term(totals, index)
      var weight =
        averaging.perImage / (images * Double(perImage[index / classes]))
        + averaging.perClass / (present * Double(perClass[index % classes]))
      if let classWeights { weight *= classWeights[index % classes] }
      result.value += weight * term.value
      result.add(term, weight: weight, at: index)
    }
    return result
  }

  /// One class's loss: ratio = (tp + s) / (rest tp + alpha P + beta Y + s) with rest = 1 - alpha - beta, P = tp + fp
  /// and Y = tp + fn.
  func term(_ totals: JaccardTotals, _ index: Int) -> JaccardTerm {
    let (truePositives, predicted, labelled) = cardinalities(totals, index)
    let rest = 1 - alpha - beta
    let denominator = rest * truePositives + alpha * predicted + beta * labelled + smooth
    guard denominator > 0 || denominator.isNaN else { return JaccardTerm() }
    let ratio = (truePositives + smooth) / denominator
    let (value, outer) = shaped(ratio)
    // d ratio = ((1 - ratio rest) d tp - ratio alpha dP - ratio beta dY) / denominator
    let byTruePositives = outer * ((1 - ratio * rest) / denominator)
    let byPredicted = outer * -(ratio * alpha / denominator)
    let byLabelled = outer * -(ratio * beta / denominator)

    var term = JaccardTerm(value: value)
    switch form {
    case .jml1:  // tp = (S_p + S_y - D) / 2, P = S_p, Y = S_y
      term.byProbability = byPredicted + byTruePositives / 2
      term.byDistance = -byTruePositives / 2
    case .jml2:  // tp = <p, y>, P = tp + (S_p - S_y + D) / 2, Y = tp + (S_y - S_p + D) / 2
      term.byProbability = (byPredicted - byLabelled) / 2
      term.byDistance = (byPredicted + byLabelled) / 2
      term.byProduct = byTruePositives + byPredicted + byLabelled
    case .sjlL1:  // tp = <p, y>, P = S_p, Y = S_y
      term.byProbability = byPredicted
      term.byProduct = byTruePositives
    case .sjlL2:  // tp = <p, y>, P = <p, p>, Y = <y, y>
      term.byProduct = byTruePositives
      term.bySquare = byPredicted
    }
    return term
  }

  /// tp, tp + fp, tp + fn.
  private func cardinalities(_ totals: JaccardTotals, _ index: Int) -> (Double, Double, Double) {
    let (predicted, labelled) = (totals.probability[index], totals.label[index])
    let (distance, product) = (totals.distance[index], totals.product[index])
    switch form {
    case .jml1: return ((predicted + labelled - distance) / 2, predicted, labelled)
    case .jml2:
      return (product, product + (predicted - labelled + distance) / 2,
        product + (labelled - predicted + distance) / 2)
    case .sjlL1: return (product, predicted, labelled)
    case .sjlL2: return (product, totals.square[index], totals.labelSquare[index])
    }
  }

  /// The loss as a function of the ratio, and its derivative by it.
  private func shaped(_ ratio: Double) -> (value: Double, slope: Double) {
    let value = isLogarithmic ? -log(ratio) : 1 - ratio
    let slope = isLogarithmic ? -1 / ratio : -1
    guard gamma != 1 else { return (value, slope) }
    // Rounding may leave a loss of 0 just below it.
    let base = max(value, 0)
    return (pow(base, gamma), gamma * pow(base, gamma - 1) * slope)
  }
}
