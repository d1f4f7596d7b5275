import JSON
import Testing

@Suite struct CanonicalJSONTests {
  /// Expected texts are ECMAScript's (`String(x)` of any JavaScript engine).
  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (0.0005, "0.0005"), (1e-6, "0.000001"),
    (1e-7, "1e-7"), (1.25e-7, "1.25e-7"), (123456.789, "123456.789"), (1e20, "100000000000000000000"),
    (1e21, "1e+21"), (1.5e300, "1.5e+300"), (0.6667, "0.6667"), (40000.0, "40000"),
    (9007199254740993.0, "9007199254740992"),
    (Double.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
    (0.1 + 0.2, "0.30000000000000004"),
    (12e-6, "0.000012"), (100.25, "100.25"),
  ])
  func numbers(_ value: Double, _ text: String) {
    #expect(JSONValue.number(value).canonical == text)
    #expect(Double(text) == value)
  }

  @Test func keysAreSortedAndTextIsEscaped() {
    let value = JSONValue.object([
      "b": .array([.int(-3), .null, .bool(true)]), "a": .string("q\" \\ \n \u{1} é/"), "B": .object([:]),
    ])
    #expect(value.canonical == #"{"B":{},"a":"q\" \\ \n \u0001 é/","b":[-3,null,true]}"#)
    #expect(
      value.pretty == """
        {
          "B": {},
          "a": "q\\" \\\\ \\n \\u0001 é/",
          "b": [
            -3,
            null,
            true
          ]
        }

        """)
  }
}
