import { assert, describe, it } from "@effect/vitest"
import * as AddressQuoting from "../../../src/core/address/AddressQuoting.ts"

describe("AddressQuoting.quote", () => {
  for (const [box, quoted] of [
    ["joe", "joe"],
    ["a.b", "a.b"],
    ["user+tag-x_y=z", "user+tag-x_y=z"],
    ["!#$%&'*/?^`{|}~", "!#$%&'*/?^`{|}~"],
    ["", '""'],
    [".a", '".a"'],
    ["a.", '"a."'],
    ["a..b", '"a..b"'],
    ["a b", '"a b"'],
    ["a@b", '"a@b"'],
    ["a(b)", '"a(b)"'],
    ["a\\b", '"a\\\\b"'],
    ['a"b', '"a\\"b"'],
    ["a\r\nb", '"a\\\r\\\nb"'],
    ["a\tb", '"a\tb"'],
    ["\x7f", '"\x7f"'],
    ["\xc3\xa9", '"\xc3\xa9"'],
    ["\x00", '"\x00"']
  ] as const) {
    it(`${JSON.stringify(box)} becomes ${JSON.stringify(quoted)}`, () => {
      assert.strictEqual(AddressQuoting.quote(box), quoted)
    })
  }

  it("quotes each of RFC 822's specials, and no other visible byte", () => {
    for (let byte = 33; byte <= 126; byte++) {
      const box = `a${String.fromCharCode(byte)}b`
      assert.strictEqual(AddressQuoting.needsQuoting(box), '()<>@,;:\\"[]'.includes(box[1]!), box)
    }
  })
})

describe("AddressQuoting.quote2", () => {
  for (const [address, quoted] of [
    ["", ""],
    ["joe", "joe"],
    ["a b", '"a b"'],
    ["joe@host", "joe@host"],
    ["a b@host", '"a b"@host'],
    ["a@b@host", '"a@b"@host'],
    ["@host", '""@host'],
    ["joe@", "joe@"],
    ["joe@[1.2.3.4]", "joe@[1.2.3.4]"],
    ["joe@a b", "joe@a b"],
    ["#@[]", "#@[]"]
  ] as const) {
    it(`${JSON.stringify(address)} becomes ${JSON.stringify(quoted)}`, () => {
      assert.strictEqual(AddressQuoting.quote2(address), quoted)
    })
  }
})
