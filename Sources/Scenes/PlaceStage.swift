/// What a room or a landscape is made of: one region above another, sometimes with a third between them, and what may
/// stand there.
struct PlaceStage: Sendable {
  /// How the line between two regions runs.
  enum Edge: Sendable {
    case straight
    /// Leaves; a fraction of the picture's height.
    case ragged(Float)
    /// Slopes; a fraction of the picture's height.
    case rolling(Float)
  }

  let upper: PlaceClass
  let middle: PlaceClass?
  let lower: PlaceClass
  let edge: Edge
  /// One of them is in a picture; nil: none. The commonest first.
  let objects: [PlaceClass?]

  init(
    _ upper: PlaceClass, _ lower: PlaceClass, _ objects: [PlaceClass?], middle: PlaceClass? = nil,
    edge: Edge = .straight
  ) {
    self.upper = upper
    self.middle = middle
    self.lower = lower
    self.edge = edge
    self.objects = objects
  }

  var regions: [PlaceClass] { [upper, lower] + (middle.map { [$0] } ?? []) }

  /// In the order in which pictures take them. Walls, floors and skies come often, as in ADE20K.
  static let all: [PlaceStage] = [
    PlaceStage(.wall, .floor, [.sofa, .chair, .table, .plant]),
    PlaceStage(.sky, .road, [.car, .bus, .truck, .person]),
    PlaceStage(.wall, .floor, [.bed, .cabinet, .armchair, .person]),
    PlaceStage(.sky, .grass, [.tree, .house, .animal, .person]),
    PlaceStage(.building, .road, [.car, .person, .bicycle, .minibike]),
    PlaceStage(.ceiling, .wall, [.windowpane, .painting, .door, .curtain]),
    PlaceStage(.sky, .sea, [.boat, nil, .rock, .boat], edge: .straight),
    PlaceStage(.wall, .floor, [.door, .windowpane, .bookcase, .lamp]),
    PlaceStage(.sky, .field, [nil, .animal, .house, .tree], edge: .rolling(0.04)),
    PlaceStage(.mountain, .grass, [.animal, .house, nil, .tent], edge: .rolling(0.05)),
    PlaceStage(.wall, .rug, [.sofa, .coffeeTable, .armchair, .bed]),
    PlaceStage(.building, .sidewalk, [.person, .bench, .signboard, .plant]),
    PlaceStage(.sky, .earth, [.rock, .tent, .truck, .house], edge: .rolling(0.05)),
    PlaceStage(.wall, .floor, [.painting, .mirror, .curtain, .shelf]),
    PlaceStage(.tree, .grass, [.person, .bench, nil, .animal], edge: .ragged(0.05)),
    PlaceStage(.sky, .water, [nil, .boat, .pier, .boat], middle: .mountain, edge: .rolling(0.07)),
    PlaceStage(.wall, .floor, [.refrigerator, .stove, .wardrobe, .chestOfDrawers]),
    PlaceStage(.sky, .road, [nil, .tower, nil, .car], middle: .building),
    PlaceStage(.sky, .sand, [.palm, .person, .tent, .palm], edge: .rolling(0.03)),
    PlaceStage(.ceiling, .floor, [nil, nil, nil, nil], middle: .wall),
    PlaceStage(.sky, .mountain, [nil, .tree, .tower, .house], edge: .rolling(0.12)),
    PlaceStage(.curtain, .floor, [.chair, .plant, .sofa, .table]),
    PlaceStage(.tree, .path, [.person, .bicycle, .bench, .animal], edge: .ragged(0.05)),
    PlaceStage(.wall, .floor, [.fireplace, .television, .bathtub, .coffeeTable]),
    PlaceStage(.sky, .runway, [.airplane, .airplane, .truck, .bus]),
    PlaceStage(.skyscraper, .river, [nil, .boat, nil, .boat]),
    PlaceStage(.hill, .field, [.house, .tree, .animal, nil], edge: .rolling(0.05)),
    PlaceStage(.wall, .stairs, [.person, .painting, .plant, .box]),
    PlaceStage(.mountain, .lake, [.boat, .pier, .rock, nil], edge: .rolling(0.04)),
    PlaceStage(.fence, .grass, [.animal, .tree, .box, .plant]),
    PlaceStage(.bookcase, .floor, [.table, .chair, .lamp, .armchair]),
    PlaceStage(.tree, .swimmingPool, [nil, .person, nil, .palm], edge: .ragged(0.05)),
  ]

  /// The stage and the object of a picture. Pictures of equal index show the same.
  static func plan(_ index: Int) -> (stage: PlaceStage, object: PlaceClass?) {
    let stage = all[index % all.count]
    return (stage, stage.objects[index / all.count % stage.objects.count])
  }
}
