/// Those of ADE20K's 150 classes that are drawn, by their value in an annotation file; 0 is no class.
enum PlaceClass: UInt8 {
  case wall = 1
  case building, sky, floor, tree, ceiling, road, bed, windowpane, grass, cabinet, sidewalk, person, earth, door
  case table, mountain, plant, curtain, chair, car, water, painting, sofa, shelf, house, sea, mirror, rug, field
  case armchair
  case fence = 33
  case rock = 35
  case wardrobe, lamp, bathtub
  case box = 42
  case signboard = 44
  case chestOfDrawers = 45
  case sand = 47
  case skyscraper = 49
  case fireplace, refrigerator
  case path = 53
  case stairs, runway
  case river = 61
  case bookcase = 63
  case coffeeTable = 65
  case hill = 69
  case bench
  case stove = 72
  case palm
  case boat = 77
  case bus = 81
  case truck = 84
  case tower
  case television = 90
  case airplane
  case swimmingPool = 110
  case tent = 115
  case minibike = 117
  case animal = 127
  case bicycle
  case lake
  case pier = 141
}
