import { assert, describe, it } from "@effect/vitest"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import { type AddressAnswer, hard, type MxAnswer, records, soft } from "../../../src/core/dns/DnsAnswer.ts"
import * as MailHosts from "../../../src/core/remote/MailHosts.ts"

const classic = { classic: true }
const own = { classic: false }
const a = (...texts: ReadonlyArray<string>): AddressAnswer => records(texts.map((text) => IpAddress.parse(text)!))
const mx = (...list: ReadonlyArray<readonly [number, string]>): MxAnswer =>
  records(list.map(([preference, exchange]) => ({ preference, exchange })))
const text = (host: MailHosts.MailHost) => `${host.preference} ${IpAddress.format(host.address)}`

/** The verdict for a domain whose MX are these, by the answers about their addresses. */
const select = (
  hosts: ReadonlyArray<readonly [number, string, ...ReadonlyArray<AddressAnswer>]>,
  options: { reach?: MailHosts.Reach; relay?: boolean; direct?: boolean; ours?: ReadonlyArray<string> } = {}
) => {
  const verdict = MailHosts.select(
    {
      domain: "dest.example\x80",
      direct: options.direct ?? false,
      relay: options.relay ?? false,
      ours: (options.ours ?? []).map((address) => IpAddress.parse(address)!),
      lookups: hosts.map(([preference, host, ...answers]) => ({ target: { preference, host }, answers }))
    },
    options.reach ?? classic
  )
  return verdict._tag === "Try" ? verdict.hosts.map(text) : verdict.report
}

const softText = "ZSorry, I couldn't find any host by that name. (#4.1.2)\n"
const noneText = "DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n"
const ambiguous =
  "DSorry. Although I'm listed as a best-preference MX or A for that host,\n" +
  "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n"

describe("MailHosts.known", () => {
  for (const [host, inClassic, inOwn] of [
    ["192.0.2.1", ["192.0.2.1"], ["192.0.2.1"]],
    ["[192.0.2.1]", ["192.0.2.1"], ["192.0.2.1"]],
    ["[IPv6:2001:db8::1]", undefined, ["2001:db8::1"]],
    ["2001:db8::1", undefined, ["2001:db8::1"]],
    ["[2001:db8::1]", undefined, ["2001:db8::1"]],
    ["localhost", undefined, ["127.0.0.1", "::1"]],
    ["Mail.LocalHost.", undefined, ["127.0.0.1", "::1"]],
    ["localhost.example", undefined, undefined],
    ["dest.example", undefined, undefined],
    ["", undefined, undefined]
  ] as const)
    it(`[W44] ${host || "the empty host"}`, () => {
      assert.deepStrictEqual(MailHosts.known(host, classic)?.map(IpAddress.format), inClassic as never)
      assert.deepStrictEqual(MailHosts.known(host, own)?.map(IpAddress.format), inOwn as never)
    })
})

describe("MailHosts.targets", () => {
  const order = (answer: MxAnswer, chance = 0) =>
    MailHosts.targets("dest.example", answer, chance)?.targets.map(({ host }) => host)

  it("takes the domain itself if it has no MX, and nothing if nobody knows", () => {
    assert.deepStrictEqual(MailHosts.targets("dest.example", hard, 0), MailHosts.direct("dest.example"))
    assert.deepStrictEqual(MailHosts.targets("dest.example", mx(), 0), MailHosts.direct("dest.example"))
    assert.isUndefined(MailHosts.targets("dest.example", soft, 0))
  })

  it("orders MX by preference", () =>
    assert.deepStrictEqual(order(mx([20, "c"], [5, "a"], [10, "b"], [65535, "d"])), ["a", "b", "c", "d"]))

  it("leaves the order of equals to chance, and puts each first about as often", () => {
    const firsts = new Map<string, number>()
    for (let chance = 0; chance < 3000; chance++) {
      const [first, ...others] = order(mx([10, "a"], [10, "b"], [10, "c"], [20, "z"]), chance * 65_537)!
      assert.strictEqual(others[2], "z")
      firsts.set(first!, (firsts.get(first!) ?? 0) + 1)
    }
    for (const host of ["a", "b", "c"]) assert.isAbove(firsts.get(host)!, 600)
  })

  it("[W134] considers all of 500 MX records", () => {
    const all = Array.from({ length: 500 }, (_, i) => [(i * 7) % 500, `mx${(i * 7) % 500}`] as const)
    assert.deepStrictEqual(
      order(mx(...all)),
      Array.from({ length: 500 }, (_, i) => `mx${i}`)
    )
  })
})

describe("MailHosts.select", () => {
  it("tries all addresses of all hosts, in the order of the hosts", () =>
    assert.deepStrictEqual(
      select([
        [5, "a", a("192.0.2.1", "192.0.2.2")],
        [10, "b", a("192.0.2.3")]
      ]),
      ["5 192.0.2.1", "5 192.0.2.2", "10 192.0.2.3"]
    ))

  it("asks for IPv6 too in homes of our own, and tries it after IPv4 of the same preference", () => {
    assert.deepStrictEqual(MailHosts.families({ host: "a", preference: 5 }, classic), ["A"])
    assert.deepStrictEqual(MailHosts.families({ host: "a", preference: 5 }, own), ["A", "AAAA"])
    const hosts = [
      [5, "a", a("192.0.2.1"), a("2001:db8::1")],
      [5, "b", a("192.0.2.2"), hard],
      [10, "c", hard, a("2001:db8::3")]
    ] as const
    assert.deepStrictEqual(select(hosts, { reach: own }), [
      "5 192.0.2.1",
      "5 192.0.2.2",
      "5 2001:db8::1",
      "10 2001:db8::3"
    ])
  })

  it("asks nothing for an MX that says there is no mail", () =>
    assert.deepStrictEqual(MailHosts.families({ host: "", preference: 0 }, own), []))

  it("gives an MX that is an address preference 0 in classic homes only", () => {
    const hosts = [[10, "192.0.2.7", a("192.0.2.7")]] as const
    assert.deepStrictEqual(select(hosts), ["0 192.0.2.7"])
    assert.deepStrictEqual(select(hosts, { reach: own }), ["10 192.0.2.7"])
  })

  for (const [what, hosts, direct, report] of [
    [
      "the domain does not exist",
      [[0, "d", hard]],
      true,
      "DSorry, I couldn't find any host named dest.example?. (#5.1.2)\n"
    ],
    ["nobody knows the domain", [[0, "d", soft]], true, softText],
    ["the domain has no addresses", [[0, "d", a()]], true, noneText],
    [
      "no MX exists",
      [
        [5, "a", hard],
        [10, "b", hard]
      ],
      false,
      noneText
    ],
    [
      "nobody knows one MX and the others do not exist",
      [
        [5, "a", soft],
        [10, "b", hard]
      ],
      false,
      softText
    ],
    ["the MX says there is no mail", [[0, ""]], false, noneText]
  ] as const)
    it(`reports that ${what}`, () => assert.strictEqual(select(hosts, { direct }) as string, report))

  for (const host of ["", "."])
    it(`says that a domain takes no mail if its MX is ${JSON.stringify(host)}, in homes of our own`, () => {
      assert.strictEqual(select([[0, host]], { reach: own }) as string, "DThat domain takes no mail. (#5.1.10)\n")
      assert.strictEqual(select([[0, host]]) as string, noneText)
    })

  it("says that the empty host does not exist, which has no MX at all", () =>
    assert.match(select([[0, ""]], { direct: true, reach: own }) as string, /^D.*any host named .*5\.1\.2/))

  it("passes over such an MX beside others", () =>
    assert.deepStrictEqual(
      select(
        [
          [0, ""],
          [10, "b", a("192.0.2.3")]
        ],
        { reach: own }
      ),
      ["10 192.0.2.3"]
    ))

  it("uses what was found although nobody knew the rest", () =>
    assert.deepStrictEqual(
      select([
        [5, "a", soft],
        [10, "b", a("192.0.2.3")]
      ]),
      ["10 192.0.2.3"]
    ))
})

describe("[W95] MailHosts.select with ourselves among the hosts", () => {
  const hosts = [
    [5, "a", a("192.0.2.1")],
    [10, "us", a("192.0.2.99")],
    [10, "b", a("192.0.2.2")],
    [20, "c", a("192.0.2.3")]
  ] as const
  const ours = ["192.0.2.99"]

  it("tries only hosts that are preferred to us, not our equals", () =>
    assert.deepStrictEqual(select(hosts, { ours }), ["5 192.0.2.1"]))

  it("[W96] bounces if we are the best, whether as MX or by our address, and never delivers locally", () => {
    assert.strictEqual(select(hosts.slice(1), { ours }) as string, ambiguous)
    assert.strictEqual(select([[0, "d", a("192.0.2.99")]], { direct: true, ours }) as string, ambiguous)
    assert.strictEqual(select([[0, "d", a("0.0.0.0")]], { direct: true }) as string, ambiguous)
  })

  for (const [what, list, report] of [
    [
      "is unknown now",
      [
        [10, "a", soft, soft],
        [20, "us", a("192.0.2.99"), hard]
      ],
      softText
    ],
    [
      "has no IPv4 address, and its IPv6 one is unknown now",
      [
        [10, "a", hard, soft],
        [20, "us", a("192.0.2.99")]
      ],
      softText
    ],
    [
      "is one of two, the other does not exist",
      [
        [5, "a", hard, hard],
        [10, "b", soft, hard],
        [20, "us", a("192.0.2.99")]
      ],
      softText
    ],
    [
      "does not exist",
      [
        [10, "a", hard, hard],
        [20, "us", a("192.0.2.99"), hard]
      ],
      ambiguous
    ],
    [
      "is our equal",
      [
        [20, "a", soft, soft],
        [20, "us", a("192.0.2.99"), hard]
      ],
      ambiguous
    ],
    [
      "comes after us",
      [
        [20, "us", a("192.0.2.99"), hard],
        [30, "a", soft, soft]
      ],
      ambiguous
    ],
    ["is us, with half an answer", [[20, "us", a("192.0.2.99"), soft]], ambiguous]
  ] as const) {
    const isSoft = report === softText
    it(`${isSoft ? "waits" : "bounces"} if only we are left and another host ${what}; in classic homes it bounces`, () => {
      assert.strictEqual(select(list, { ours, reach: own }) as string, report)
      assert.strictEqual(select(list, { ours }) as string, ambiguous)
    })
  }

  it("uses the host that is known and preferred to us, though another one is unknown", () =>
    assert.deepStrictEqual(
      select(
        [
          [5, "a", soft],
          [10, "b", a("192.0.2.2"), soft],
          [20, "us", a("192.0.2.99")]
        ],
        { ours, reach: own }
      ),
      ["10 192.0.2.2"]
    ))

  for (const reach of [classic, own])
    it(`waits for the relay of a route that is unknown now, ${reach.classic ? "classic" : "own"}`, () =>
      assert.strictEqual(
        select([[0, "relay", soft, soft]], { direct: true, relay: true, ours, reach }) as string,
        softText
      ))

  it("does not ask who we are if a route has named the host", () =>
    assert.deepStrictEqual(select([[0, "us", a("192.0.2.99")]], { direct: true, relay: true, ours }), ["0 192.0.2.99"]))

  it("[W44] takes all of 127.0.0.0/8 and ::1 for us, outside classic homes", () => {
    for (const address of ["127.0.0.2", "::1", "::"])
      assert.strictEqual(select([[10, "a", a(address)]], { reach: own }) as string, ambiguous)
    assert.deepStrictEqual(select([[10, "a", a("127.0.0.2")]]), ["10 127.0.0.2"])
  })
})
