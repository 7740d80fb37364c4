import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as IpAddress from "../../src/core/address/IpAddress.ts"
import * as DnsAnswer from "../../src/core/dns/DnsAnswer.ts"
import { Files } from "../../src/shell/Files.ts"
import { Identity } from "../../src/shell/Identity.ts"
import { Resolver } from "../../src/shell/Resolver.ts"
import { Sockets } from "../../src/shell/Sockets.ts"
import { type DnsServer, startDnsServer } from "../DnsServer.ts"

const many = Array.from({ length: 500 }, (_, i) => `${i} mx${i}.dest.example`)
const ip = (text: string) => IpAddress.parse(text)!

let servers: ReadonlyArray<DnsServer> = []
beforeAll(async () => {
  servers = await Promise.all([
    startDnsServer({
      "MX dest.example": { records: ["10 a.example", "20 b.example"] },
      "A a.example": { records: ["192.0.2.1", "192.0.2.2"] },
      "AAAA a.example": { records: ["2001:0db8:0000:0000:0000:0000:0000:0001"] },
      "A alias.example": { records: ["CNAME a.example", "192.0.2.1"] },
      "A dangling.example": { records: ["CNAME gone.example"] },
      "CNAME alias.example": { records: ["a.example"] },
      "PTR 1.2.0.192.in-addr.arpa": { records: ["a.example"] },
      "MX many.example": { records: many, truncate: true },
      "MX failing.example": { code: "SERVFAIL" },
      "MX refusing.example": { code: "REFUSED" },
      "MX lying.example": { code: "liar" }
    }),
    startDnsServer({
      "MX failing.example": { records: ["5 second.example"] },
      "MX lying.example": { code: "SERVFAIL" }
    })
  ])
})
afterAll(() => {
  for (const server of servers) server.stop()
})

const layerOf = (list: string) =>
  Resolver.layer.pipe(
    Layer.provide(
      Layer.mergeAll(Files.layerSync, Sockets.layer, Identity.layerMemory({ environment: { QMAILDNS: list } }))
    )
  )

const memory = Resolver.layerMemory({
  "dest.example": {
    MX: DnsAnswer.records([
      { preference: 10, exchange: "a.example" },
      { preference: 20, exchange: "b.example" }
    ])
  },
  "a.example": {
    A: DnsAnswer.records([ip("192.0.2.1"), ip("192.0.2.2")]),
    AAAA: DnsAnswer.records([ip("2001:db8::1")])
  },
  "alias.example": { A: DnsAnswer.records([ip("192.0.2.1")]), CNAME: DnsAnswer.records(["a.example"]) },
  "dangling.example": { A: DnsAnswer.records([]) },
  "1.2.0.192.in-addr.arpa": { PTR: DnsAnswer.records(["a.example"]) },
  "many.example": {
    MX: DnsAnswer.records(many.map((_, i) => ({ preference: i, exchange: `mx${i}.dest.example` })))
  },
  "refusing.example": { MX: DnsAnswer.soft }
})

const layers: ReadonlyArray<readonly [string, () => Layer.Layer<Resolver>]> = [
  ["the real layer", () => layerOf(servers[0]!.address)],
  ["the table", () => memory]
]

for (const [name, layer] of layers)
  describe(`Resolver: ${name}`, () => {
    const on = (title: string, body: (resolver: Resolver["Service"]) => Effect.Effect<void>) =>
      it.live(title, () => Effect.provide(Effect.flatMap(Resolver, body), layer()))

    on("finds MX, addresses of both kinds, names and aliases", (resolver) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(
          yield* resolver.mx("Dest.Example"),
          DnsAnswer.records([
            { preference: 10, exchange: "a.example" },
            { preference: 20, exchange: "b.example" }
          ])
        )
        const v4 = DnsAnswer.records([ip("192.0.2.1"), ip("192.0.2.2")])
        assert.deepStrictEqual(yield* resolver.addresses("a.example", "A"), v4)
        assert.deepStrictEqual(yield* resolver.addresses("a.example", "AAAA"), DnsAnswer.records([ip("2001:db8::1")]))
        assert.deepStrictEqual(yield* resolver.addresses("alias.example", "A"), DnsAnswer.records([ip("192.0.2.1")]))
        assert.deepStrictEqual(yield* resolver.names(ip("192.0.2.1")), DnsAnswer.records(["a.example"]))
        assert.deepStrictEqual(yield* resolver.aliases("alias.example"), DnsAnswer.records(["a.example"]))
      })
    )
    on("tells what does not exist from what nobody knows, and from an alias that leads nowhere", (resolver) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* resolver.mx("gone.example"), DnsAnswer.hard)
        assert.deepStrictEqual(yield* resolver.mx("refusing.example"), DnsAnswer.soft)
        assert.deepStrictEqual(yield* resolver.addresses("dangling.example", "A"), DnsAnswer.records([]))
        assert.deepStrictEqual(yield* resolver.mx("bad..name"), DnsAnswer.hard)
      })
    )
    on("[W117] [W134] takes 500 MX records", (resolver) =>
      Effect.gen(function* () {
        const answer = yield* resolver.mx("many.example")
        assert.strictEqual(answer._tag === "Records" ? answer.records.length : answer._tag, 500)
      })
    )
  })

describe("Resolver: the real layer", () => {
  const mx = (list: string, domain: string) =>
    Effect.provide(
      Effect.flatMap(Resolver, (resolver) => resolver.mx(domain)),
      layerOf(list)
    )

  it.live("asks again over TCP when an answer did not fit", () =>
    Effect.gen(function* () {
      yield* mx(servers[0]!.address, "many.example")
      assert.include(servers[0]!.asked, "tcp MX many.example")
    })
  )
  it.live("asks the next server when one fails, lies, or is not there", () =>
    Effect.gen(function* () {
      const second = DnsAnswer.records([{ preference: 5, exchange: "second.example" }])
      const [first, other] = servers.map(({ address }) => address)
      assert.deepStrictEqual(yield* mx(`${first} ${other}`, "failing.example"), second)
      assert.deepStrictEqual(yield* mx(`127.0.0.1:1 ${other}`, "failing.example"), second)
      assert.deepStrictEqual(yield* mx(`${first} ${other}`, "lying.example"), DnsAnswer.soft)
      const withoutRoute = "255.255.255.255" // the kernel refuses to connect there, as it does when the network is down
      assert.deepStrictEqual(yield* mx(`${withoutRoute} ${other}`, "failing.example"), second)
    })
  )
  it.live("knows nothing if no server is there", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* mx("127.0.0.1:1", "dest.example"), DnsAnswer.soft)
    })
  )
})
