import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { Token } from "../../../src/core/header/HeaderToken.ts"
import * as HeaderField from "../../../src/core/header/HeaderField.ts"
import * as HeaderTokens from "../../../src/core/header/HeaderTokens.ts"

/** As a reader sees it: `a` for atoms, `"…"`, `[…]`, `(…)` for the other words. */
const shown = (text: string): string =>
  Result.match(HeaderTokens.parse(text), {
    onFailure: ({ offset }) => `! ${offset}`,
    onSuccess: (tokens) => tokens.map(shownToken).join(" ")
  })

const shownToken = (token: Token): string => {
  switch (token._tag) {
    case "Atom":
      return token.text
    case "Quoted":
      return `"${token.text}"`
    case "Literal":
      return `[${token.text}]`
    case "Comment":
      return `(${token.text})`
    default:
      return token._tag
  }
}

const tokensOf = (text: string): ReadonlyArray<Token> => Result.getOrThrow(HeaderTokens.parse(text))

describe("HeaderTokens.parse", () => {
  for (const [text, tokens] of [
    ["", ""],
    [" \t\r\n", ""],
    ["To: a@b.c", "To : a @ b . c"],
    ["<>,;", "< > , ;"],
    ['"a b"c', '"a b" c'],
    ['a"b"', 'a "b"'],
    ['"a\\"b\\\\"', '"a"b\\"'],
    ['""', '""'],
    ["[1.2.3.4]", "[1.2.3.4]"],
    ["[a\\]b]", "[a]b]"],
    ["(a(b)c)", "(abc)"],
    ["(a\\)b)", "(a)b)"],
    ["a\\ b", "a b"],
    ["a\\@b", "a@b"],
    ["a)b", '"a)b"'],
    ["a]", '"a]"'],
    ["\xe4", '"\xe4"'],
    ["a\x00", '"a\x00"'],
    ["\x7f", '"\x7f"'],
    ["\\", ""],
    ["a\\", "a"],
    [")", "! 0"],
    ["a b ]", "! 4"],
    ['a "b', "! 2"],
    ['"a\\', "! 0"],
    ['"a\\"', "! 0"],
    ["(a(b)", "! 0"],
    ["[a", "! 0"]
  ] as const)
    it(`${JSON.stringify(text)} is ${tokens || "nothing"}`, () => assert.strictEqual(shown(text), tokens))
})

describe("HeaderTokens.format", () => {
  for (const [text, formatted] of [
    ["To:a@b.c", "To: a@b.c\n"],
    ["To: a , b,c", "To: a, b, c\n"],
    ["To: A   Person<a@b>", "To: A Person <a@b>\n"],
    ["To: g:a,b;", "To: g: a, b;\n"],
    ["To: a(x)b", "To: a (x) b\n"],
    ["To: <a>,", "To: <a>,\n"],
    ["To:", "To:\n"],
    ['To: "a\\"b" [x\\]y] (p\\)q)', 'To: "a\\"b" [x\\]y] (p\\)q)\n'],
    ["To: a)b", 'To: "a\\)b"\n'],
    ["To: \xe4@b", 'To: "\xe4"@b\n']
  ] as const)
    it(`writes ${text} as ${formatted.trim()}`, () =>
      assert.strictEqual(HeaderTokens.format(tokensOf(text), 80), formatted))

  const people = Array.from({ length: 20 }, (_, i) => `user${i}@host.example`).join(", ")
  it("folds after commas, so that a line has at most 78 bytes", () => {
    const lines = HeaderTokens.format(tokensOf(`To: ${people}`), 80)
      .trimEnd()
      .split("\n")
    assert.strictEqual(lines[0], "To: user0@host.example, user1@host.example, user2@host.example,")
    assert.strictEqual(lines[1], "  user3@host.example, user4@host.example, user5@host.example,")
    assert.deepStrictEqual(
      lines.filter((line) => line.length > 78 || line.length < 40),
      []
    )
  })
  it("folds at the last byte that is too many, counting from the first blank", () => {
    const fill = (length: number) => HeaderTokens.format(tokensOf(`To: ${"a".repeat(length)}, bbbb, c`), 80)
    assert.strictEqual(fill(67), `To: ${"a".repeat(67)}, bbbb,\n  c\n`)
    assert.strictEqual(fill(68), `To: ${"a".repeat(68)},\n  bbbb, c\n`)
    assert.strictEqual(fill(64), `To: ${"a".repeat(64)}, bbbb, c\n`)
  })
  it("never breaks an item, and with width 0 not even a list", () => {
    assert.strictEqual(HeaderTokens.format(tokensOf(`X: ${"a ".repeat(99)}`), 80).split("\n").length, 2)
    assert.strictEqual(HeaderTokens.format(tokensOf(`To: ${people}`), 0), `To: ${people}\n`)
  })
})

describe("HeaderTokens.unquote", () => {
  for (const [text, address] of [
    ["a@b.c", "a@b.c"],
    ['"a b" . c @ d', "a b.c@d"],
    ["a (comment) @ b", "a@b"],
    ["a@[1.2.3.4]", "a@[1.2.3.4]"],
    ['"a\\"b"@c', 'a"b@c'],
    ["<a:b;>,", "<a:b;>,"]
  ] as const)
    it(`${text} is ${address}`, () => assert.strictEqual(HeaderTokens.unquote(tokensOf(text)), address))
})

describe("Laws of HeaderTokens", () => {
  // A small generator, so that a failure can be repeated: xorshift with a fixed seed.
  const random = (seed: number) => () => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return (seed >>> 0) / 2 ** 32
  }
  const alphabet = [...'ab@.,:;<>()[]"\\ \t\n+\x00\x7f\x80\xff']

  it("parse is total; format then parse gives the tokens again; format of that is the same text", () => {
    const next = random(20261123)
    let parsed = 0
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from(
        { length: Math.floor(next() * 12) },
        () => alphabet[Math.floor(next() * alphabet.length)]
      ).join("")
      const tokens = HeaderTokens.parse(text)
      if (Result.isFailure(tokens)) continue
      parsed++
      // Blanks and specials that a backslash has put into an atom are lost when it is written: no normal form.
      if (tokens.success.some((token) => token._tag === "Atom" && /^$|[ \t\n@.,:;<>"([]/.test(token.text))) continue
      const written = HeaderTokens.format(tokens.success, 80)
      assert.deepStrictEqual(HeaderTokens.parse(written), tokens, JSON.stringify(text))
      assert.strictEqual(HeaderTokens.format(tokensOf(written), 80), written)
    }
    assert.isAbove(parsed, 5_000)
  })
})

describe("HeaderField", () => {
  for (const [line, valid, name] of [
    ["Subject: x\n", true, "subject"],
    ["SUBJECT:x\n", true, "subject"],
    ["Subject \t: x\n", true, "subject"],
    ["X-Any: x\n", true, undefined],
    ["Resent-Message-ID:\n", true, "resent-message-id"],
    ["To!:\n", true, undefined],
    [": x\n", false, undefined],
    [" : x\n", false, undefined],
    ["Sub ject: x\n", false, undefined],
    [" Subject: x\n", false, undefined],
    ["no colon\n", false, undefined],
    ["\xc0: x\n", false, undefined],
    ["a\x7f: x\n", false, undefined],
    ["\n", false, undefined]
  ] as const)
    it(`${JSON.stringify(line)} is ${valid ? `a field, ${name ?? "unknown"}` : "no field"}`, () => {
      assert.strictEqual(HeaderField.isValid(line), valid)
      assert.strictEqual(HeaderField.known(line), name)
    })

  it("the body begins behind the colon and its blanks", () =>
    assert.strictEqual(HeaderField.bodyOf("Subject :\n \ta b\n"), "a b\n"))
})
