import { assert, describe, it } from "@effect/vitest"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as OwnAddresses from "../../../src/core/address/OwnAddresses.ts"

describe("IpAddress.parse and format", () => {
  for (const [text, formatted] of [
    ["192.0.2.1", "192.0.2.1"],
    ["127.00.0.01", "127.0.0.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"]
  ] as const)
    it(`${text} is ${formatted}`, () => {
      const ip = IpAddress.parse(text)
      assert.strictEqual(ip && IpAddress.format(ip), formatted)
    })

  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.",
    "a.b.c.d",
    ":::",
    ":",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "12345::",
    "g::",
    "::1.2.3",
    "1.2.3.4 "
  ])
    it(`${JSON.stringify(text)} is none`, () => assert.isUndefined(IpAddress.parse(text)))
})

describe("IpAddress.parseLiteral", () => {
  for (const [literal, formatted] of [
    ["[192.0.2.1]", "192.0.2.1"],
    ["[IPv6:2001:db8::1]", "2001:db8::1"],
    ["[ipv6:::1]", "::1"],
    ["[IPv6:192.0.2.1]", undefined],
    ["[::1]", undefined],
    ["[192.0.2.1", undefined],
    ["192.0.2.1", undefined],
    ["[192.0.2.1].x", undefined]
  ] as const)
    it(`${literal} is ${formatted ?? "none"}`, () => {
      const ip = IpAddress.parseLiteral(literal)
      assert.strictEqual(ip && IpAddress.format(ip), formatted)
    })
})

describe("IpAddress.contains", () => {
  for (const [network, inside, outside] of [
    ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
    ["192.0.2.", "192.0.2.255", "192.0.3.0"],
    ["10.", "10.255.0.1", "11.0.0.1"],
    ["192.0.2.128/25", "192.0.2.129", "192.0.2.127"],
    ["0.0.0.0/0", "203.0.113.9", "2001:db8::1"],
    ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
    ["[2001:db8::1]", "2001:db8::1", "2001:db8::2"],
    ["::1", "::1", "127.0.0.1"]
  ] as const)
    it(`${network} holds ${inside}, not ${outside}`, () => {
      const parsed = IpAddress.parseNetwork(network)!
      assert.isTrue(IpAddress.contains(parsed, IpAddress.parse(inside)!))
      assert.isFalse(IpAddress.contains(parsed, IpAddress.parse(outside)!))
    })

  for (const text of [
    "",
    ".",
    "1.2.3.4.",
    "192.0.2",
    "192.0.2.0/33",
    "::/129",
    "192.0.2.0/",
    "[::1",
    "host",
    "1.2.3.4/8x"
  ])
    it(`${JSON.stringify(text)} is no network`, () => assert.isUndefined(IpAddress.parseNetwork(text)))
})

describe("IpAddress.subscriber", () => {
  it("is one IPv4 address, or one /64", () => {
    const of = (text: string) => IpAddress.subscriber(IpAddress.parse(text)!)
    assert.notStrictEqual(of("192.0.2.1"), of("192.0.2.2"))
    assert.strictEqual(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"))
    assert.notStrictEqual(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"))
  })
})

describe("OwnAddresses.lookup", () => {
  const interfaces = ["127.0.0.1", "192.0.2.1", "2001:db8::1"].map((text) => IpAddress.parse(text)!)
  for (const [text, classic, own] of [
    ["192.0.2.1", true, true],
    ["2001:db8::1", true, true],
    ["0.0.0.0", true, true],
    ["127.0.0.2", false, true],
    ["::1", false, true],
    ["::", false, true],
    ["192.0.2.2", false, false]
  ] as const)
    it(`${text} is ours in a qmail home: ${classic}, in one of our own: ${own}`, () => {
      const ip = IpAddress.parse(text)!
      assert.strictEqual(OwnAddresses.lookup(interfaces, true)(ip), classic)
      assert.strictEqual(OwnAddresses.lookup(interfaces, false)(ip), own)
    })
})
