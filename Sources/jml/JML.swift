import ArgumentParser

@main
struct JML: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "jml", abstract: "Regenerates the tables of the Jaccard metric losses paper.")
}
