import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { networkInterfaces } from "node:os"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as DnsAnswer from "../../../src/core/dns/DnsAnswer.ts"
import { toChunk } from "../../../src/core/Bytes.ts"
import { Files, FilesError } from "../../../src/shell/platform/Files.ts"
import { Identity, type IdentityFacts } from "../../../src/shell/platform/Identity.ts"
import { Resolver } from "../../../src/shell/platform/Resolver.ts"
import { Sockets } from "../../../src/shell/platform/Sockets.ts"
import { type DnsServer, startDnsServer } from "../../DnsServer.ts"

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
      "MX lying.example": { code: "liar" },
      "MX old.example": { code: "noEdns" },
      "MX besieged.example": { records: ["7 mx.example"], impostors: true }
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

/** `resolvConf`: what reading the file gives, each time. */
const layerOf = (
  list: string,
  facts: Partial<IdentityFacts> = {},
  resolvConf: () => Effect.Effect<Uint8Array, FilesError> = () => Effect.succeed(new Uint8Array(0))
) =>
  Resolver.layer.pipe(
    Layer.provide(
      Layer.mergeAll(
        Layer.effect(
          Files,
          Effect.map(Files, (files) => ({ ...files, readFile: resolvConf }))
        ).pipe(Layer.provide(Files.layerSync)),
        Sockets.layer,
        Identity.layerMemory({ ...facts, environment: { QMAILDNS: list, ...facts.environment } })
      )
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
  const mx = (list: string, domain: string, options = "") =>
    Effect.provide(
      Effect.flatMap(Resolver, (resolver) => resolver.mx(domain)),
      layerOf(list, { environment: { RES_OPTIONS: options } })
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
  it.live("listens only to the server that it asked, and only to the answer to its question", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* mx(servers[0]!.address, "besieged.example"),
        DnsAnswer.records([{ preference: 7, exchange: "mx.example" }])
      )
    })
  )
  it.live("asks only over TCP, or with EDNS, if the options say so, and without EDNS where it is not known", () =>
    Effect.gen(function* () {
      const [{ address, asked }] = servers as [DnsServer]
      const askedWith = Effect.fnUntraced(function* (options: string, domain: string) {
        asked.length = 0
        yield* mx(address, domain, options)
        return [...asked]
      })
      assert.deepStrictEqual(yield* askedWith("", "dest.example"), ["MX dest.example"])
      assert.deepStrictEqual(yield* askedWith("use-vc", "dest.example"), ["tcp MX dest.example"])
      assert.deepStrictEqual(yield* askedWith("edns0", "dest.example"), ["edns MX dest.example"])
      assert.deepStrictEqual(yield* askedWith("edns0", "old.example"), ["edns MX old.example", "MX old.example"])
      assert.deepStrictEqual(yield* askedWith("edns0 use-vc", "many.example"), ["tcp edns MX many.example"])
      assert.deepStrictEqual(yield* askedWith("attempts:3", "failing.example"), Array(3).fill("MX failing.example"))
    })
  )
  it.live("begins with another server each time, if the options say so", () =>
    Effect.gen(function* () {
      const [first, second] = servers as [DnsServer, DnsServer]
      for (const [options, ofSecond] of [
        ["", 0],
        ["rotate", 2]
      ] as const) {
        second.asked.length = 0
        yield* Effect.provide(
          Effect.flatMap(Resolver, (resolver) =>
            Effect.forEach([1, 2, 3, 4], () => resolver.addresses("gone.example", "A"))
          ),
          layerOf(`${first.address} ${second.address}`, { environment: { RES_OPTIONS: options } })
        )
        assert.lengthOf(second.asked, ofSecond)
      }
    })
  )
  it.live("asks for no IPv6 addresses, if the options say so", () =>
    Effect.gen(function* () {
      const [{ address, asked }] = servers as [DnsServer]
      asked.length = 0
      const answer = Effect.flatMap(Resolver, (resolver) => resolver.addresses("a.example", "AAAA"))
      assert.deepStrictEqual(
        yield* Effect.provide(answer, layerOf(address, { environment: { RES_OPTIONS: "no-aaaa" } })),
        DnsAnswer.hard
      )
      assert.deepStrictEqual(asked, [])
    })
  )
  for (const option of ["single-request", "single-request-reopen"])
    it.live(`asks for one kind of addresses of a host after the other with ${option}`, () =>
      Effect.gen(function* () {
        const silent = yield* Effect.promise(() => startDnsServer({ "A slow.example": { code: "silence" } }))
        const both = Effect.flatMap(Resolver, (resolver) =>
          Effect.forEach(["A", "AAAA"] as const, (type) => resolver.addresses("slow.example", type), {
            concurrency: 2
          })
        )
        const fiber = yield* Effect.forkChild(
          Effect.provide(both, layerOf(silent.address, { environment: { RES_OPTIONS: option } }))
        )
        while (silent.asked.length === 0) yield* Effect.sleep(5)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(silent.asked, ["A slow.example"])
        silent.stop()
      })
    )

  const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? [])
      .filter((entry) => entry.family === "IPv6" && entry.address.startsWith("fe80:"))
      .map((entry) => ({ name, address: entry.address, number: (entry as { scopeid?: number }).scopeid }))
  )[0]
  // A host without IPv6 has no such address: test/program/resolv-conf.test.ts makes one where it may.
  it.live.skipIf(linkLocal === undefined)("asks a server at a link-local address, over UDP and TCP", () =>
    Effect.gen(function* () {
      const { address, name, number } = linkLocal!
      const server = yield* Effect.promise(() =>
        startDnsServer({ "MX x.example": { records: ["1 mx.example"], truncate: true } }, `${address}%${name}`)
      )
      const port = server.address.split("#")[1]
      const found = DnsAnswer.records([{ preference: 1, exchange: "mx.example" }])
      for (const zone of [name, number])
        assert.deepStrictEqual(yield* mx(`${address}%${zone}#${port}`, "x.example"), found)
      assert.deepStrictEqual(server.asked, ["MX x.example", "tcp MX x.example", "MX x.example", "tcp MX x.example"])
      const second = servers[1]!.address
      for (const none of [`${address}#${port}`, `${address}%nosuchinterface#${port}`])
        assert.deepStrictEqual(
          yield* mx(`${none} ${second}`, "failing.example"),
          DnsAnswer.records([{ preference: 5, exchange: "second.example" }])
        )
      server.stop()
    })
  )
})

describe("Resolver: /etc/resolv.conf", () => {
  const failure = (errno: string) => Effect.fail(new FilesError({ operation: "open", path: "/etc/resolv.conf", errno }))
  const names = Effect.flatMap(Resolver, (resolver) => resolver.candidates("www"))
  const says = (content: string) => Effect.succeed(toChunk(content))
  const later = (seconds: number) => Effect.andThen(TestClock.adjust(seconds * 1000), names)

  it.effect("is read again after half a minute; what is not there or may not be read says nothing", () => {
    let read: Effect.Effect<Uint8Array, FilesError> = says("search a")
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* names, ["www.a", "www"])
      read = says("search b")
      assert.deepStrictEqual(yield* later(29), ["www.a", "www"])
      assert.deepStrictEqual(yield* later(1), ["www.b", "www"])
      for (const errno of ["EMFILE", "EIO", "ENOMEM"]) {
        read = failure(errno)
        assert.deepStrictEqual(yield* later(30), ["www.b", "www"])
      }
      for (const errno of ["ENOENT", "EACCES", "EISDIR"]) {
        read = failure(errno)
        assert.deepStrictEqual(yield* later(30), ["www.example", "www"], "the domain of this host")
      }
    }).pipe(Effect.provide(layerOf("", {}, () => read)))
  })
  it.effect("is read once, if it says so", () => {
    let read = says("search a\noptions no-reload")
    return Effect.gen(function* () {
      yield* names
      read = says("search b")
      assert.deepStrictEqual(yield* later(3600), ["www.a", "www"])
    }).pipe(Effect.provide(layerOf("", {}, () => read)))
  })
  it.effect("LOCALDOMAIN and RES_OPTIONS count more, but not in a program with other rights than who calls it", () =>
    Effect.gen(function* () {
      const environment = { LOCALDOMAIN: "b c", RES_OPTIONS: "ndots:0" }
      const of = (facts: Partial<IdentityFacts>) =>
        Effect.provide(
          names,
          layerOf("", { environment, ...facts }, () => says("search a"))
        )
      assert.deepStrictEqual(yield* of({}), ["www", "www.b", "www.c"])
      assert.deepStrictEqual(yield* of({ uid: 1, effectiveUid: 2 }), ["www.a", "www"])
    })
  )
})
