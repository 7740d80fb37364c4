import { assert, describe, it } from "@effect/vitest"
import * as DotQmail from "../../../src/core/local/DotQmail.ts"

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

describe("DotQmail.flaw", () => {
  for (const [what, content, flaw] of [
    ["nothing", "", undefined],
    ["what it should be", "./Maildir/\n|cmd\n", undefined],
    ["a CR inside a line", "|printf 'a\r b'\n", undefined],
    ["a comment of another system", "#x\r\n./Maildir/\n", undefined],
    ["CR LF behind a Maildir", "# x\n./Maildir/\r\n", { line: 2, reason: "ends with a carriage return" }],
    ["CR LF behind a program", "|cmd\r\n", { line: 1, reason: "ends with a carriage return" }],
    ["CR LF behind +list", "&a@b\n+list\r\n", { line: 2, reason: "ends with a carriage return" }],
    ["CR at the end of the file", "&a@b\r", { line: 1, reason: "ends with a carriage return" }],
    ["blanks behind CR", "./Maildir/\r \t\n", { line: 1, reason: "ends with a carriage return" }],
    ["a line that is CR alone", "&a@b\n\r\n", { line: 2, reason: "ends with a carriage return" }],
    ["a byte order mark", "\xef\xbb\xbf./Maildir/\n", { line: 1, reason: "begins with a byte order mark" }],
    ["UTF-16", "\xff\xfe.\0/\0M\0/\0", { reason: "is UTF-16 text" }]
  ] as const)
    it(what, () => assert.deepStrictEqual(DotQmail.flaw(content), flaw))
})
