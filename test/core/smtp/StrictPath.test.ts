import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { LocalIpHost } from "../../../src/core/address/OwnAddresses.ts"
import * as MailParameters from "../../../src/core/smtp/MailParameters.ts"
import * as StrictPath from "../../../src/core/smtp/StrictPath.ts"

const read = (keyword: StrictPath.Keyword, argument: string, localIpHost?: LocalIpHost): string =>
  Result.match(StrictPath.parse(keyword, argument, localIpHost), {
    onFailure: (flaw) => `refused: ${flaw}`,
    onSuccess: ({ address, parameters }) => `<${address}>${parameters}`
  })

describe("StrictPath.parse: what clients send", () => {
  for (const [argument, found] of [
    ["TO:<a@b>", "<a@b>"],
    ["to:<a@b>", "<a@b>"],
    ["TO: <a@b>", "<a@b>"],
    ["TO : <a@b>", "<a@b>"],
    ["TO:<a@b> ", "<a@b> "],
    ["TO:a@b", "<a@b>"],
    ["TO: a@b ", "<a@b> "],
    ["TO:joe", "<joe>"],
    ["TO:<postmaster>", "<postmaster>"],
    ["TO:<Postmaster> X=1", "<Postmaster> X=1"],
    ["TO:a@b X=1  Y=2", "<a@b> X=1  Y=2"],
    ['TO:<"a b"@c>', "<a b@c>"],
    ['TO:<"a>b"@c>', "<a>b@c>"],
    ['TO:<"a\\"b\\\\"@c>', '<a"b\\@c>'],
    ['TO:<"a@b"@c>', "<a@b@c>"],
    ['TO:<"a b".c@d>', "<a b.c@d>"],
    ['TO:"a b"@c X=1', "<a b@c> X=1"],
    ["TO:<a\\>b@c>", "<a>b@c>"],
    ["TO:<a..b.@c>", "<a..b.@c>"],
    ["TO:<.a@c>", "<.a@c>"],
    ["TO:<a@c.example.>", "<a@c.example.>"],
    ["TO:<a_b%c!d/e=f@g_h>", "<a_b%c!d/e=f@g_h>"],
    ["TO:<j\xf6e@\xfc.example>", "<j\xf6e@\xfc.example>"],
    ["TO:<a@[192.0.2.1]>", "<a@[192.0.2.1]>"],
    ["TO:<a@[IPv6:2001:db8::1]>", "<a@[IPv6:2001:db8::1]>"],
    ["TO:<a@b@c>", "<a@b@c>"],
    ["TO:a@b@c X=1", "<a@b@c> X=1"],
    ["TO:<@x,@y.example:a@b>", "<a@b>"],
    ["TO:<@[IPv6:::1]:a@b>", "<a@b>"],
    ["TO:@x:a@b", "<a@b>"]
  ] as const)
    it(`${argument} is ${found}`, () => assert.strictEqual(read("TO", argument), found))

  for (const [argument, found] of [
    ["FROM:<>", "<>"],
    ["FROM: <>", "<>"],
    ["From:<> SIZE=10", "<> SIZE=10"],
    ["FROM:<#@[]>", "<#@[]>"],
    ['FROM:<"list-@host-"@[]>', "<list-@host-@[]>"]
  ] as const)
    it(`${argument} is the sender ${found}`, () => assert.strictEqual(read("FROM", argument), found))

  it("an address of ours gives way to control/localiphost", () =>
    assert.strictEqual(read("TO", "TO:<a@[192.0.2.1]>", { host: "h", isOurs: () => true, readsIpv6: true }), "<a@h>"))
})

describe("StrictPath.parse: what is refused", () => {
  for (const argument of ["", "TO", "<a@b>", "a@b", "TO<a@b>", "FROM:<a@b>", "x:<a@b>", "TO\t:<a@b>"])
    it(`${JSON.stringify(argument)} has no path`, () => assert.strictEqual(read("TO", argument), "refused: no path"))

  for (const path of [
    "",
    " ",
    "<",
    ">",
    "< >",
    "<a@b",
    "a@b>",
    "<<a@b>>",
    "<a@b>x",
    "<a@b>SIZE=1",
    "<a@b>\tX=1",
    "< a@b>",
    "<a@b >",
    "<a b@c>",
    "<@exam.test>",
    "<@a:>",
    "<@a:@b>",
    "<@a@b:c@d>",
    "@a:",
    "@a",
    "<@>",
    "<a@>",
    "a@",
    "<@a@b>",
    "<a@@b>",
    "<a@b@>",
    "<a@b..c>",
    "<a@.b>",
    "<a@b,c@d>",
    "<a@b;c@d>",
    "<mailto:a@b>",
    "<(x)a@b>",
    "Joe <a@b>",
    "Joe  <a@b> X=1",
    '<"">',
    '<""@b>',
    '<"a@b>',
    '<"a"b@c>',
    '<"a@b">',
    "<a\\@b>",
    "<a\\>",
    "<\\",
    '<a@"b">',
    "<a@b\\c>",
    "<a@[300.1.1.1]>",
    "<a@[192.0.2.1>",
    "<a@[192.0.2.1]x>",
    "<a@[IPv6:x]>",
    "<a@[2001:db8::1]>",
    "<a@b> \x01",
    ...["\0", "\x01", "\t", "\n", "\r", "\x1f", "\x7f"].flatMap((control) => [
      `<a${control}b@c>`,
      `<"a${control}b"@c>`,
      `<"a\\${control}b"@c>`,
      `<a\\${control}b@c>`,
      `<a@b${control}c>`,
      `a${control}@c`
    ])
  ])
    it(JSON.stringify(path), () => {
      assert.strictEqual(read("TO", `TO:${path}`), "refused: syntax")
      assert.strictEqual(read("FROM", `FROM:${path}`), "refused: syntax")
    })

  it("<> and #@[] as recipients", () => {
    assert.strictEqual(read("TO", "TO:<>"), "refused: syntax")
    assert.strictEqual(read("TO", "TO:<#@[]>"), "refused: syntax")
  })

  it("more than 899 bytes, quotation marks and backslashes not counted", () => {
    assert.notMatch(read("TO", `TO:<"${"\\x".repeat(897)}"@c>`), /refused/)
    assert.strictEqual(read("TO", `TO:<"${"\\x".repeat(898)}"@c>`), "refused: too long")
    assert.strictEqual(read("TO", `TO:<${"x.".repeat(8000)}@c>`), "refused: too long")
  })

  it("what has no name, or an @ without a domain, whatever bytes there are", () => {
    const bytes = ["<", ">", "@", "a", ".", '"', "\\", ":", " "]
    for (let n = 0; n < bytes.length ** 5; n++) {
      let rest = n
      let path = ""
      for (let i = 0; i < 5; i++) {
        path += bytes[rest % bytes.length]
        rest = Math.floor(rest / bytes.length)
      }
      const address = Result.getOrUndefined(StrictPath.parse("TO", `TO:${path}`, undefined))?.address
      if (address !== undefined) assert.match(address, /^[^@]+$|^.+@a+(\.a+)*\.?$/s, path)
    }
  })
})

describe("MailParameters", () => {
  const ofMail = (text: string) => Result.merge(MailParameters.ofMail(text))
  for (const [text, size] of [
    ["", undefined],
    ["  ", undefined],
    [" SIZE=1000", 1000],
    [" BODY=7BIT size=5 ", 5],
    [" SIZE=0  body=8bitmime", 0],
    [" BODY=8BITMIME", undefined]
  ] as const)
    it(`MAIL${text}: ${size ?? "no size"}`, () => assert.deepStrictEqual(ofMail(text), { size }))

  for (const [text, word] of [
    [" SIZE=", "SIZE="],
    [" SIZE", "SIZE"],
    [" SIZE=5x", "SIZE=5x"],
    [" SIZE=-1", "SIZE=-1"],
    [` SIZE=${"1".repeat(21)}`, `SIZE=${"1".repeat(21)}`],
    [" SIZE=1 SIZE=1", "SIZE=1"],
    [" BODY=7BIT SIZE=1 body=8BITMIME", "body=8BITMIME"],
    [" BODY=BINARYMIME", "BODY=BINARYMIME"],
    [" BODY=x", "BODY=x"],
    [" XSIZE=5", "XSIZE=5"],
    [" SMTPUTF8", "SMTPUTF8"],
    [" AUTH=<>", "AUTH=<>"],
    [" =5", "=5"],
    [" junk", "junk"]
  ] as const)
    it(`MAIL${text} fails at ${word}`, () => assert.strictEqual(ofMail(text), word))

  it("RCPT has none", () => {
    assert.isTrue(Result.isSuccess(MailParameters.ofRcpt(" ")))
    assert.strictEqual(Result.merge(MailParameters.ofRcpt(" NOTIFY=NEVER")), "NOTIFY=NEVER")
  })
})
