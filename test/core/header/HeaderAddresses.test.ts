import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as HeaderAddresses from "../../../src/core/header/HeaderAddresses.ts"
import * as HeaderDefaults from "../../../src/core/header/HeaderDefaults.ts"
import type { FieldName } from "../../../src/core/header/HeaderField.ts"
import * as HeaderTokens from "../../../src/core/header/HeaderTokens.ts"

const tokensOf = (text: string) => Result.getOrThrow(HeaderTokens.parse(text))
const listOf = (text: string) => HeaderAddresses.parse(Result.getOrThrow(HeaderTokens.scan(text)), 0)
const addressesOf = (text: string) => listOf(text).addresses.toReversed()
const written = (text: string) => HeaderAddresses.format(listOf(text), 0)?.trimEnd() ?? ""

describe("HeaderAddresses.parse", () => {
  for (const [text, addresses, again] of [
    ["", [], ""],
    ["a, b", ["a", "b"], "a, b"],
    ["djb fred", ["djb", "fred"], "djb, fred"],
    ["a@b c@d", ["a@b", "c@d"], "a@b, c@d"],
    ["a . b @ c . d", ["a.b@c.d"], "a.b@c.d"],
    ["A Person <e@f>", ["e@f"], "A Person <e@f>"],
    ['"Person, A" <e@f>', ["e@f"], '"Person, A" <e@f>'],
    ["A.B@c <e@f>", ["e@f"], "A.B@c <e@f>"],
    ["<>", [""], "<>"],
    ["<@x:a@b.c>", ["@x:a@b.c"], "<@x: a@b.c>"],
    ["x@[1.2.3.4]", ["x@[1.2.3.4]"], "x@[1.2.3.4]"],
    ["grp: a@b, c@d;", ["a@b", "c@d"], "grp: a@b, c@d;"],
    ["recipient list not shown: ;", [], "recipient list not shown: ;"],
    ["a, g1: b;, g2: c;, d", ["a", "b", "c", "d"], "a, g1: b;, g2: c;, d"],
    // Without a comma the first group is taken for a part of the second one's name, as by qmail.
    ["g1: b; g2: c;", ["c"], "g1: b;g2: c;"],
    ["a (one) (two), (three) b", ["a", "b"], "a (one) (two), b (three)"],
    ["<a><b>", ["a", "b"], "<a> <b>"],
    ["a;b", ["a", "b"], undefined],
    ["a,,b,", ["a", "b"], "a, , b,"]
  ] as const)
    it(`${text || "nothing"} names ${addresses.join(" and ") || "nobody"}`, () => {
      assert.deepStrictEqual(addressesOf(text), [...addresses])
      if (again !== undefined) assert.strictEqual(written(text), again)
    })

  for (const [text, right] of [
    ["a>", ["a"]],
    ["b, a>, c", ["b,a", "c"]],
    ["x: y", ["y"]],
    ["g: h: i;;", []],
    [":", []]
  ] as const)
    it(`${text} is no list, but ${right.join(" and ") || "nothing"} stood to the right of the fault`, () => {
      assert.isFalse(listOf(text).complete)
      assert.deepStrictEqual(addressesOf(text), [...right])
    })

  it("what is written is read as the same list, and stays as it is", () => {
    for (const text of ["a b", "A <b> c", "g: a b;, (x) c", "a . b@c (d), <e> f", "<a> [b] <c>"]) {
      assert.deepStrictEqual(addressesOf(written(text)), addressesOf(text))
      assert.strictEqual(written(written(text)), written(text))
    }
  })
})

describe("HeaderDefaults.completeAddress", () => {
  const hosts = {
    defaultHost: tokensOf("@dh.example"),
    plusDomain: tokensOf(".pd.example"),
    defaultDomain: tokensOf(".dd.example")
  }
  const complete = (address: string, given = hosts) =>
    HeaderTokens.unquote(HeaderDefaults.completeAddress(tokensOf(address), given))

  for (const [address, completed] of [
    ["a", "a@dh.example"],
    ["a@b", "a@b.dd.example"],
    ["a@b.c", "a@b.c"],
    ["a@b+", "a@b.pd.example"],
    ["a@b.c+", "a@b.c.pd.example"],
    ["a@+", "a@.pd.example"],
    ["a+", "a+@dh.example"],
    ['a@"b+"', "a@b+.dd.example"],
    ["a@[1.2.3.4]", "a@[1.2.3.4]"],
    ["a.b@c", "a.b@c.dd.example"],
    ["", ""],
    ["foo@[]", "foo@[]"],
    ["foo@bar@[]", "foo@bar@[]"],
    ["@a,@b:c@d", "c@d.dd.example"],
    ["@a:", ""],
    ["@a", ""],
    ["a@b.c.", "a@b.c"],
    ["a@", "a@dh.example"],
    ["a.", "a@dh.example"],
    [".", ""],
    ["@", ""]
  ] as const)
    it(`${address || "an empty address"} becomes ${completed || "empty"}`, () =>
      assert.strictEqual(complete(address), completed))

  it("the default host is completed like any other", () => {
    assert.strictEqual(complete("a", { ...hosts, defaultHost: tokensOf("@dh+") }), "a@dh.pd.example")
    assert.strictEqual(complete("a", { ...hosts, defaultHost: tokensOf("@dh") }), "a@dh.dd.example")
  })

  it("is done once: a complete address stays as it is", () => {
    for (const address of ["a", "a@b", "a@b+", "a@[x]", "<@x:y>", "a b@c."])
      assert.strictEqual(complete(complete(address)), complete(address))
  })
})

describe("HeaderDefaults.lackingFields", () => {
  for (const [seen, lacking] of [
    [[], ["date", "message-id", "from", "recipients"]],
    [["to"], ["date", "message-id", "from"]],
    [["cc"], ["date", "message-id", "from"]],
    [
      ["bcc", "date"],
      ["message-id", "from", "recipients"]
    ],
    [["from", "to", "date", "message-id"], []],
    [
      ["from", "to", "date", "message-id", "resent-to"],
      ["date", "message-id", "from"]
    ],
    [["resent-date"], ["message-id", "from", "recipients"]],
    [["resent-bcc"], ["date", "message-id", "from", "recipients"]]
  ] as ReadonlyArray<readonly [ReadonlyArray<FieldName>, ReadonlyArray<HeaderDefaults.Lacking>]>)
    it(`with ${seen.join(", ") || "no fields"} lacks ${lacking.join(", ") || "nothing"}`, () =>
      assert.deepStrictEqual(HeaderDefaults.lackingFields(new Set(seen)), lacking))
})
