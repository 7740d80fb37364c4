import { assert, describe, it } from "@effect/vitest"
import * as Finding from "../../../src/core/control/Finding.ts"
import * as ForeignText from "../../../src/core/ForeignText.ts"
import * as HandWritten from "../../../src/core/control/HandWritten.ts"

describe("HandWritten", () => {
  for (const [what, content, isSo] of [
    ["plain text", "a.example\n", false],
    ["nothing", "", false],
    ["one NUL", "a\0b\n", false],
    ["UTF-16 with its mark, little end first", "\xff\xfea\0\n\0", true],
    ["UTF-16 with its mark, big end first", "\xfe\xff\0a\0\n", true],
    ["UTF-16 without a mark", "a\0.\0b\0\n\0", true],
    ["the same, big end first", "\0a\0.\0b\0\n", true]
  ] as const)
    it(`${what} ${isSo ? "is" : "is not"} UTF-16`, () => assert.strictEqual(ForeignText.isUtf16(content), isSo))

  it("names the lines that end in CR LF, blanks behind it or not, and the last without line feed", () =>
    assert.deepStrictEqual(
      HandWritten.lineEndFindings("f", "a\r\nb\nc\r \nd\r").map((one) => Finding.format(one)),
      [1, 3, 4].map((line) => `warning: f: line ${line}: ends with a carriage return, which is part of the value`)
    ))
  it("cleans up for the checks that follow", () =>
    assert.strictEqual(ForeignText.cleaned("\xef\xbb\xbfa\r\nb\rc\nd\r"), "a\nb\rc\nd"))
})
