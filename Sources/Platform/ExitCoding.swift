/// An error that knows what it means to a script: what the program's end says where it ends the program.
public protocol ExitCoding: Error {
  var exitCode: Int32 { get }
}
