import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { setOf } from "../../../src/core/control/ControlMap.ts"
import * as RcptHosts from "../../../src/core/relay/RcptHosts.ts"
import * as RcptPolicy from "../../../src/core/relay/RcptPolicy.ts"
import * as RelayClients from "../../../src/core/relay/RelayClients.ts"
import * as SenderChecks from "../../../src/core/relay/SenderChecks.ts"

const nothing: RcptHosts.Sources = {
  rcpthosts: undefined,
  more: () => false,
  me: "mx.example.org",
  locals: [],
  virtualdomains: [],
  openWithoutList: false,
  starIsEverything: true
}

describe("RcptHosts.allows, with a list", () => {
  const list = RcptHosts.from({
    ...nothing,
    rcpthosts: ["example.org", ".sub.example", "Other.Example", ""],
    more: (key) => (key === ".damaged.example" ? undefined : key === "more.example" || key === ".deep.example")
  })
  for (const [address, allowed] of [
    ["a@example.org", true],
    ["a@EXAMPLE.ORG", true],
    ["a@other.example", true],
    ["a@x.example.org", false],
    ["a@x.sub.example", true],
    ["a@x.y.sub.example", true],
    ["a@sub.example", false],
    ["a@more.example", true],
    ["a@More.Example", true],
    ["a@x.deep.example", true],
    ["a@x.damaged.example", undefined],
    ["a@example.org@elsewhere", false],
    ["a@elsewhere@example.org", true],
    ["a@", false],
    ["a", true],
    ["", true]
  ] as const)
    it(`${address || "an empty address"}: ${allowed}`, () =>
      assert.strictEqual(RcptHosts.allows(list, address), allowed))
})

describe("RcptHosts.from, without a list [W14]", () => {
  const ours = RcptHosts.from({
    ...nothing,
    locals: ["local.example"],
    virtualdomains: [
      "virtual.example:joe",
      ".wild.example:joe",
      "not.wild.example:",
      "box@single.example:joe",
      ":everyone"
    ]
  })
  for (const [address, allowed] of [
    ["a@local.example", true],
    ["a@mx.example.org", true],
    ["a@virtual.example", true],
    ["a@x.wild.example", true],
    ["a@not.wild.example", false],
    ["box@single.example", true],
    ["other@single.example", false],
    ["a@elsewhere.example", false],
    ["a", true]
  ] as const)
    it(`our own home, ${address}: ${allowed}`, () => assert.strictEqual(RcptHosts.allows(ours, address), allowed))

  it("accepts everything where control/openrelay or a qmail home says so", () =>
    assert.isTrue(RcptHosts.allows(RcptHosts.from({ ...nothing, openWithoutList: true }), "a@elsewhere")))

  it("takes the single entry * for everything, and only there", () => {
    const star = { ...nothing, rcpthosts: ["*"] }
    assert.isTrue(RcptHosts.allows(RcptHosts.from(star), "a@elsewhere"))
    assert.isFalse(RcptHosts.allows(RcptHosts.from({ ...star, rcpthosts: ["*", "b"] }), "a@elsewhere"))
    assert.isFalse(RcptHosts.allows(RcptHosts.from({ ...star, starIsEverything: false }), "a@elsewhere"))
  })

  it("an empty list refuses every domain, even in a qmail home", () =>
    assert.isFalse(
      RcptHosts.allows(RcptHosts.from({ ...nothing, rcpthosts: [], openWithoutList: true }), "a@mx.example.org")
    ))
})

describe("RelayClients [W16]", () => {
  const clients = Result.getOrThrow(
    RelayClients.parse([
      "192.0.2.1",
      "198.51.100.:@fix.example",
      "10.0.0.0/8:",
      "2001:db8::/32:@six.example",
      "::1",
      "[fe80::1]:@link.example"
    ])
  )
  for (const [ip, suffix] of [
    ["192.0.2.1", ""],
    ["192.0.2.2", undefined],
    ["198.51.100.77", "@fix.example"],
    ["10.9.8.7", ""],
    ["2001:db8:5::1", "@six.example"],
    ["::1", ""],
    ["fe80::1", "@link.example"],
    ["unknown", undefined]
  ] as const)
    it(`${ip} ${suffix === undefined ? "may not relay" : `relays, with "${suffix}" added`}`, () =>
      assert.strictEqual(RelayClients.suffixFor(clients, ip, undefined), suffix))

  it("the variable wins, for strangers and for clients of the list", () => {
    assert.strictEqual(RelayClients.suffixFor(clients, "203.0.113.1", ""), "")
    assert.strictEqual(RelayClients.suffixFor(clients, "198.51.100.77", "@other"), "@other")
  })

  it("an entry that names no network is an error, not a guess", () =>
    assert.deepStrictEqual(RelayClients.parse(["10.", "10.0.0.0/99"]), Result.fail("10.0.0.0/99")))
})

describe("SenderChecks.isRefused", () => {
  const bad = setOf(["spam@x.example", "@worse.example", "@"])
  for (const [sender, refused] of [
    ["spam@x.example", true],
    ["SPAM@X.example", true],
    ["other@x.example", false],
    ["any@worse.example", true],
    ["any@sub.worse.example", false],
    ["a@", true],
    ["a", false],
    ["", false]
  ] as const)
    it(`${sender || "the empty sender"}: ${refused}`, () =>
      assert.strictEqual(SenderChecks.isRefused(bad, sender), refused))
})

describe("RcptPolicy.decideRcpt", () => {
  const damaged = RcptHosts.from({ ...nothing, rcpthosts: [], more: () => undefined })
  const facts: RcptPolicy.Facts = {
    recipient: "a@elsewhere",
    senderRefused: false,
    relaySuffix: undefined,
    rcptHosts: RcptHosts.from({ ...nothing, rcpthosts: ["here"] }),
    recipients: 0,
    recipientsMax: 2
  }
  for (const [title, given, verdict] of [
    ["a stranger to elsewhere", {}, { _tag: "NoRelay" }],
    ["a stranger to us", { recipient: "a@here" }, { _tag: "Accept", recipient: "a@here" }],
    ["a relay client", { relaySuffix: "" }, { _tag: "Accept", recipient: "a@elsewhere" }],
    ["a relay client with a suffix", { relaySuffix: "@fix" }, { _tag: "Accept", recipient: "a@elsewhere@fix" }],
    ["a bad sender, before anything else", { senderRefused: true, relaySuffix: "" }, { _tag: "BadSender" }],
    ["a stranger, while nobody can say", { rcptHosts: damaged }, { _tag: "Unknown" }],
    [
      "a relay client all the same",
      { rcptHosts: damaged, relaySuffix: "" },
      { _tag: "Accept", recipient: "a@elsewhere" }
    ],
    ["one recipient too many", { recipient: "a@here", recipients: 2 }, { _tag: "TooMany" }],
    ["one more, to elsewhere", { recipients: 2 }, { _tag: "NoRelay" }]
  ] as const)
    it(title, () => assert.deepStrictEqual(RcptPolicy.decideRcpt({ ...facts, ...given }), verdict))
})
