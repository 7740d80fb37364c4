import { assert, describe, it } from "@effect/vitest"
import * as DotQmail from "../../../src/core/alias/DotQmail.ts"

const shown = (content: string): ReadonlyArray<string> =>
  DotQmail.parse(content).map((one) => ("text" in one ? `${one._tag} ${one.text}` : one._tag))

describe("DotQmail.parse", () => {
  for (const [what, content, instructions] of [
    [
      "a mailbox, a Maildir, a program, two forwards",
      "./Mailbox\n./Maildir/\n|cmd arg\n&a@b\nc@d\n",
      ["Mbox ./Mailbox", "Maildir ./Maildir/", "Program cmd arg", "Forward a@b", "Forward c@d"]
    ],
    ["absolute paths", "/var/mail/joe\n/var/maildir/\n", ["Mbox /var/mail/joe", "Maildir /var/maildir/"]],
    ["a path needs its ./", "Maildir/\n", ["Forward Maildir/"]],
    ["comments and empty lines", "# one\n\n \t\n&a@b\n#two", ["Forward a@b"]],
    ["trailing blanks go, leading ones stay", "&a@b \t \n c@d\n| x \n", ["Forward a@b", "Forward  c@d", "Program  x"]],
    ["a blank before # makes an address", " # x\n", ["Forward  # x"]],
    ["no line feed at the end", "&a@b", ["Forward a@b"]],
    ["a carriage return belongs to the line", "./mbox\r\n", ["Mbox ./mbox\r"]],
    ["+list and other pluses", "+list\n+list  \n+other\n+lists\n", ["ForwardOnly", "ForwardOnly"]],
    ["an empty address", "&\n", ["Forward "]],
    ["an empty first line", "\n&a@b\n", ["BlankStart", "Forward a@b"]],
    ["a first line of blanks", " \t\n", ["BlankStart"]],
    ["nothing", "", ["BlankStart"]],
    ["a line that begins with NUL is empty to C", "#x\n\0y\n&a@b\n", ["Forward a@b"]],
    ["a NUL inside stays for the reader", "&a\0b\n", ["Forward a\0b"]]
  ] as const)
    it(what, () => assert.deepStrictEqual(shown(content), instructions))
})

describe("DotQmail.cut", () => {
  it("ends at a NUL, as the system sees it", () => {
    assert.strictEqual(DotQmail.cut("a\0b"), "a")
    assert.strictEqual(DotQmail.cut("ab"), "ab")
  })
})

describe("DotQmail.describe", () => {
  it("says kind and text", () => {
    assert.strictEqual(DotQmail.describe({ _tag: "Maildir", text: "./M/" }), "maildir ./M/\n")
    assert.strictEqual(DotQmail.describe({ _tag: "Forward", text: " a@b" }), "forward  a@b\n")
  })
})
