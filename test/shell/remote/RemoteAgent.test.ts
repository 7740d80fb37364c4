import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import * as DnsAnswer from "../../../src/core/dns/DnsAnswer.ts"
import { Controls } from "../../../src/shell/home/Controls.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import * as MemoryNetwork from "../../../src/shell/memory/MemoryNetwork.ts"
import * as RemoteAgent from "../../../src/shell/remote/RemoteAgent.ts"
import * as RemoteControls from "../../../src/shell/home/RemoteControls.ts"
import { Resolver, type ZoneEntry } from "../../../src/shell/platform/Resolver.ts"
import { SmtpConnections } from "../../../src/shell/remote/SmtpConnections.ts"
import { TcpTimeoutFile } from "../../../src/shell/remote/TcpTimeoutFile.ts"

const { hangsUp, says, saysNothing } = MemoryNetwork
const ip = (text: string) => IpAddress.parse(text)!
const a = (...texts: ReadonlyArray<string>) => DnsAnswer.records(texts.map(ip))
const mx = (...list: ReadonlyArray<readonly [number, string]>) =>
  DnsAnswer.records(list.map(([preference, exchange]) => ({ preference, exchange })))

interface World {
  readonly hosts: Readonly<Record<string, MemoryNetwork.InventedHost>>
  readonly controls?: Readonly<Record<string, string>>
  readonly zone?: Readonly<Record<string, ZoneEntry>>
  readonly classic?: boolean
  readonly message?: string
}

/** A home on a memory disk, an invented network, a table for the DNS, and a clock that runs when told. */
const worldLayer = ({ classic = false, controls = {}, hosts, message = "Subject: x\n\nhello\n", zone = {} }: World) => {
  const disk = new MemoryDisk()
  disk.makeDirectories("/home")
  const written = Layer.effectDiscard(
    Effect.gen(function* () {
      const files = yield* Files
      const fd = yield* files.open("/home/mess", "create")
      yield* files.write(fd, toChunk(message))
      yield* files.close(fd)
    })
  )
  return Layer.mergeAll(
    written,
    Controls.layerMemory({ me: "me.example\n", ...controls }, classic),
    Home.layerMemory("/home", { ...InstallRecord.ownHome, classic }),
    MemoryNetwork.layer(hosts, [ip("192.0.2.200")]),
    Resolver.layerMemory(zone),
    SmtpConnections.layer,
    TcpTimeoutFile.layerMemory
  ).pipe(Layer.provideMerge(Layer.mergeAll(disk.layer, Identity.layerMemory({}))))
}

const job = { host: "dest.example", sender: "s@src.example", recipients: ["r@dest.example"], message: "/home/mess" }

/** Delivers while a day goes by, if it takes one. */
const deliver = (over: Partial<RemoteAgent.RemoteJob> = {}) =>
  Effect.gen(function* () {
    const settings = yield* RemoteControls.readSettings
    const fiber = yield* Effect.forkChild(RemoteAgent.deliver({ ...job, ...over }, settings))
    yield* TestClock.adjust("1 day")
    return yield* Fiber.join(fiber)
  })

const inWorld = <A, E>(
  title: string,
  world: World,
  body: Effect.Effect<A, E, Layer.Success<ReturnType<typeof worldLayer>>>
) => it.effect(title, () => Effect.provide(body, worldLayer(world)))

const toOne = { smtproutes: ":192.0.2.1\n" }
const one = (script: MemoryNetwork.InventedHost["script"] = {}, inbox: Array<MemoryNetwork.Received> = []) => ({
  "192.0.2.1:25": { connects: "accepts", script, inbox } as const
})
const died = (more = "") => `ZConnected to 192.0.2.1 but connection died. ${more}(#4.4.2)\n\0`

describe("RemoteAgent.deliver", () => {
  const inbox: Array<MemoryNetwork.Received> = []
  inWorld(
    "delivers",
    { hosts: one({}, inbox), controls: toOne },
    Effect.gen(function* () {
      assert.strictEqual(yield* deliver(), "r\0K192.0.2.1 accepted message.\nRemote host said: 250 ok\n\0")
      assert.deepStrictEqual(inbox, [
        { sender: "s@src.example", recipients: ["r@dest.example"], message: "Subject: x\r\n\r\nhello\r\n" }
      ])
    })
  )

  for (const [stage, before, duplicate] of [
    ["greeting", "", ""],
    ["HELO", "", ""],
    ["MAIL", "", ""],
    ["RCPT", "", ""],
    ["DATA", "r\0", ""],
    ["message", "r\0", "Possible duplicate! "]
  ] as const)
    for (const [what, reply] of [
      ["hangs up", hangsUp],
      ["says nothing", saysNothing],
      ["is too slow", says("250 at last", 2000)]
    ] as const)
      inWorld(
        `reports a host that ${what} at ${stage}`,
        { hosts: one({ [stage]: reply }), controls: toOne, classic: true },
        Effect.gen(function* () {
          assert.strictEqual(yield* deliver(), before + died(duplicate))
        })
      )

  inWorld(
    "waits for a host that takes its time",
    {
      hosts: one({ greeting: says("220 slow", 1000), message: says("250 ok", 1199) }),
      controls: toOne
    },
    Effect.gen(function* () {
      assert.match(yield* deliver(), /^r\0K/)
    })
  )

  for (const line of ["a\nb@x", "a@x\r\nDATA"])
    inWorld(
      `sends no address with a line end in it: ${JSON.stringify(line)}`,
      { hosts: one(), controls: toOne },
      Effect.gen(function* () {
        assert.strictEqual(
          yield* deliver({ sender: line }),
          "DI can't send an address with a line end in it. (#5.1.3)\n\0"
        )
      })
    )

  inWorld(
    "reports a message that cannot be read",
    { hosts: one(), controls: toOne },
    Effect.gen(function* () {
      assert.strictEqual(yield* deliver({ message: "/home/gone" }), "r\0ZUnable to read message. (#4.3.0)\n\0")
    })
  )

  const long = `${"x".repeat(70)}\n`.repeat(20_000)
  const longInbox: Array<MemoryNetwork.Received> = []
  inWorld(
    "sends a message of more than one piece",
    { hosts: one({}, longInbox), controls: toOne, message: long },
    Effect.gen(function* () {
      assert.match(yield* deliver(), /^r\0K/)
      assert.isTrue(longInbox[0]!.message === long.replaceAll("\n", "\r\n"))
    })
  )
})

describe("RemoteAgent.deliver of a long message", () => {
  const heard: Array<string> = []
  inWorld(
    "ends when the host has refused it in the middle",
    {
      hosts: { "192.0.2.1:25": { connects: "accepts", heard, interrupts: "552 too big" } },
      controls: toOne,
      message: `${"x".repeat(70)}\n`.repeat(20_000)
    },
    Effect.gen(function* () {
      assert.strictEqual(
        yield* deliver(),
        "r\0D192.0.2.1 failed while I sent the message.\nRemote host said: 552 too big\n\0"
      )
      assert.isBelow(heard[0]!.length, 40_000)
    })
  )
})

describe("RemoteAgent.deliver by MX", () => {
  const zone = {
    "dest.example": { MX: mx([10, "b.example"], [5, "a.example"]) },
    "a.example": { A: a("192.0.2.1", "192.0.2.2") },
    "b.example": { A: a("192.0.2.3"), AAAA: a("2001:db8::3") }
  }
  const refuses = { connects: "refuses" } as const
  const timesOut = { connects: "timesOut" } as const
  const accepts = { connects: "accepts" } as const

  inWorld(
    "tries all addresses, the IPv6 ones too, until one takes the connection",
    {
      zone,
      hosts: { "192.0.2.1:25": refuses, "192.0.2.2:25": timesOut, "192.0.2.3:25": refuses, "[2001:db8::3]:25": accepts }
    },
    Effect.gen(function* () {
      assert.match(yield* deliver(), /^r\0K2001:db8::3 accepted/)
    })
  )

  inWorld(
    "gives up for now if none does",
    { zone, hosts: { "192.0.2.1:25": refuses, "192.0.2.2:25": timesOut } },
    Effect.gen(function* () {
      assert.strictEqual(yield* deliver(), "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0")
    })
  )

  inWorld(
    "a temporary refusal is final for this attempt",
    {
      zone,
      hosts: { "192.0.2.1:25": { connects: "accepts", script: { MAIL: says("451 no") } }, "192.0.2.2:25": accepts }
    },
    Effect.gen(function* () {
      assert.match(yield* deliver(), /^ZConnected to 192\.0\.2\.1 but sender was rejected/)
    })
  )

  for (const [mxtry, script, taker] of [
    ["greeting", { greeting: says("421 busy") }, "192.0.2.2"],
    ["any4", { MAIL: says("451 busy") }, "192.0.2.2"]
  ] as const)
    inWorld(
      `[W98] tries the next host after a refusal that control/mxtry ${mxtry} names`,
      {
        zone,
        controls: { mxtry: `${mxtry}\n` },
        hosts: { "192.0.2.1:25": { connects: "accepts", script }, "192.0.2.2:25": accepts }
      },
      Effect.gen(function* () {
        assert.match(yield* deliver(), new RegExp(`^r\\0K${taker} accepted`))
      })
    )

  for (const classic of [false, true])
    inWorld(
      `${classic ? "leaves for later" : "passes over"} a host that takes the connection and ends it without a word${classic ? " (classic)" : ""}`,
      {
        zone,
        classic,
        hosts: { "192.0.2.1:25": { connects: "accepts", script: { greeting: hangsUp } }, "192.0.2.2:25": accepts }
      },
      Effect.gen(function* () {
        assert.match(
          yield* deliver(),
          classic ? /^ZConnected to 192\.0\.2\.1 but connection died/ : /^r\0K192\.0\.2\.2/
        )
      })
    )

  inWorld(
    "[W101] stops trying when timeoutconnecttotal is spent",
    {
      zone: { "dest.example": { A: a(...Array.from({ length: 10 }, (_, i) => `192.0.2.${i + 1}`)) } },
      controls: { timeoutconnecttotal: "90\n" },
      hosts: {
        ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`192.0.2.${i + 1}:25`, timesOut])),
        "192.0.2.10:25": accepts
      }
    },
    Effect.gen(function* () {
      assert.match(yield* deliver(), /^ZSorry, I wasn't able to establish/)
      const timeouts = yield* TcpTimeoutFile
      yield* timeouts.timedOut(ip("192.0.2.2"))
      assert.isTrue(yield* timeouts.shouldSkip(ip("192.0.2.2")), "the second attempt was counted")
    })
  )

  const heard: Array<string> = []
  inWorld(
    "leaves an address alone after two timeouts, and asks again later",
    {
      zone: { "dest.example": { A: a("192.0.2.1", "192.0.2.2") } },
      hosts: { "192.0.2.1:25": timesOut, "192.0.2.2:25": { connects: "accepts", heard } }
    },
    Effect.gen(function* () {
      const timeouts = yield* TcpTimeoutFile
      yield* timeouts.timedOut(ip("192.0.2.1"))
      yield* TestClock.adjust("3 minutes")
      yield* timeouts.timedOut(ip("192.0.2.1"))
      assert.isTrue(yield* timeouts.shouldSkip(ip("192.0.2.1")))
      yield* TestClock.adjust("2 hours")
      assert.isFalse(yield* timeouts.shouldSkip(ip("192.0.2.1")))
      yield* timeouts.connected(ip("192.0.2.1"))
      yield* timeouts.timedOut(ip("192.0.2.1"))
      assert.isFalse(yield* timeouts.shouldSkip(ip("192.0.2.1")))
    })
  )

  for (const [kind, address, name] of [
    ["A", "192.0.2.1", "192.0.2.1:25"],
    ["AAAA", "2001:db8::1", "[2001:db8::1]:25"]
  ] as const)
    for (const [failsWith, isCleared] of [
      ["ECONNREFUSED", true],
      ["ECONNRESET", true],
      ["EHOSTUNREACH", true],
      ["ENETUNREACH", true],
      ["EACCES", true],
      ["ETIMEDOUT", false],
      ["EMFILE", false]
    ] as const)
      inWorld(
        `${isCleared ? "forgets" : "keeps"} the timeouts of ${address} at ${failsWith}`,
        { zone: { "dest.example": { [kind]: a(address) } }, hosts: { [name]: { connects: { failsWith } } } },
        Effect.gen(function* () {
          const timeouts = yield* TcpTimeoutFile
          yield* timeouts.timedOut(ip(address))
          const outcome = yield* deliver()
          const lack = "ZSystem resources temporarily unavailable. (#4.3.0)\n\0"
          const none = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"
          assert.strictEqual(outcome, failsWith === "EMFILE" ? lack : none)
          yield* timeouts.timedOut(ip(address))
          assert.strictEqual(yield* timeouts.shouldSkip(ip(address)), !isCleared)
        })
      )

  inWorld(
    "[W95] bounces a domain that points at us",
    { zone: { "dest.example": { MX: mx([5, "us.example"]) }, "us.example": { A: a("192.0.2.200") } }, hosts: {} },
    Effect.gen(function* () {
      assert.match(yield* deliver(), /^DSorry\. Although I'm listed as a best-preference MX/)
    })
  )
})

describe("RemoteAgent.deliver to a host that ends the connection at EHLO", () => {
  const heard: Array<string> = []
  inWorld(
    "greets with HELO over another connection, which carries the next message too",
    { hosts: { "192.0.2.1:25": { connects: "accepts", heard, script: { EHLO: hangsUp } } }, controls: toOne },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      for (let i = 0; i < 2; i++) assert.match(yield* RemoteAgent.deliver(job, settings), /^r\0K/)
      assert.deepStrictEqual(
        heard.map((said) => said.replaceAll(/\r\n[^]*/g, "")),
        ["EHLO me.example", "HELO me.example"]
      )
      assert.include(heard[1], "\r\nRSET\r\n")
    })
  )

  inWorld(
    "waits if HELO fares no better",
    { hosts: one({ EHLO: hangsUp, HELO: hangsUp }), controls: toOne },
    Effect.gen(function* () {
      assert.strictEqual(yield* deliver(), died())
    })
  )

  const limited: Array<string> = []
  inWorld(
    "does so again behind a used connection that has ended",
    {
      hosts: { "192.0.2.1:25": { connects: "accepts", heard: limited, script: { EHLO: hangsUp, RSET: hangsUp } } },
      controls: toOne
    },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      for (let i = 0; i < 2; i++) assert.match(yield* RemoteAgent.deliver(job, settings), /^r\0K/)
      assert.lengthOf(limited, 4)
    })
  )
})

describe("RemoteAgent.deliver to a domain whose second MX we are", () => {
  const zone = {
    "dest.example": { MX: mx([10, "a.example"], [20, "us.example"]) },
    "a.example": { A: DnsAnswer.soft, AAAA: DnsAnswer.soft },
    "us.example": { A: a("192.0.2.200") }
  }
  for (const [classic, report] of [
    [false, /^ZSorry, I couldn't find any host by that name\. \(#4\.1\.2\)/],
    [true, /^DSorry\. Although I'm listed as a best-preference MX/]
  ] as const)
    inWorld(
      `${classic ? "bounces" : "waits"} while the DNS does not know the first ${classic ? "(classic)" : ""}`,
      { zone, hosts: {}, classic },
      Effect.gen(function* () {
        assert.match(yield* deliver(), report)
      })
    )
})

describe("RemoteAgent.deliver without an answer of the DNS", () => {
  const silent = { mx: () => Effect.never, addresses: () => Effect.never, names: () => Effect.never }
  const never = { ...silent, aliases: () => Effect.never, candidates: () => Effect.succeed([]) }
  for (const [controls, report] of [
    [{}, "ZDNS lookup timed out. (#4.4.3)\n\0"],
    [{ timeoutdns: "86399\n" }, "ZDNS lookup timed out. (#4.4.3)\n\0"]
  ] as const)
    inWorld(
      `[W100] gives up for now after timeoutdns ${controls.timeoutdns?.trim() ?? "(60)"}`,
      { hosts: {}, controls },
      Effect.gen(function* () {
        assert.strictEqual(yield* Effect.provideService(deliver(), Resolver, never), report)
      })
    )
})

describe("[W105] connections that are kept", () => {
  const heard: Array<string> = []
  inWorld(
    "[W106] carry three messages, with RSET between, also for other domains at the same host, and end after five seconds",
    { hosts: { "192.0.2.1:25": { connects: "accepts", heard } }, controls: toOne },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      for (const host of ["a.example", "b.example", "c.example"])
        assert.match(yield* RemoteAgent.deliver({ ...job, host }, settings), /^r\0K/)
      assert.lengthOf(heard, 1)
      assert.strictEqual(heard[0]!.split("RSET\r\nMAIL FROM").length, 3)
      assert.notInclude(heard[0]!, "QUIT")
      yield* TestClock.adjust("7 seconds")
      assert.isTrue(heard[0]!.endsWith("QUIT\r\n"))
    })
  )

  const limited: Array<string> = []
  inWorld(
    "carry no more messages than control/connreuse says",
    {
      hosts: { "192.0.2.1:25": { connects: "accepts", heard: limited } },
      controls: { ...toOne, connreuse: "2\n" }
    },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      for (let i = 0; i < 5; i++) yield* RemoteAgent.deliver(job, settings)
      assert.lengthOf(limited, 3)
      assert.isTrue(limited[0]!.endsWith("QUIT\r\n"))
    })
  )

  const hungUp: Array<string> = []
  inWorld(
    "are replaced when the host has had enough of them",
    {
      hosts: { "192.0.2.1:25": { connects: "accepts", heard: hungUp, script: { RSET: hangsUp } } },
      controls: toOne
    },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      for (let i = 0; i < 3; i++) assert.match(yield* RemoteAgent.deliver(job, settings), /^r\0K/)
      assert.lengthOf(hungUp, 3)
    })
  )

  const third = (reply: MemoryNetwork.Reply) => {
    let turn = 0
    return () => (++turn === 3 ? reply : says("250 ok"))
  }
  for (const [stage, what, reply] of [
    ["MAIL", "says 421", says("421 too many messages in this connection")],
    ["RCPT", "says 421", says("421 too many messages in this connection")],
    ["MAIL", "hangs up", hangsUp],
    ["RCPT", "hangs up", hangsUp]
  ] as const) {
    const inbox: Array<MemoryNetwork.Received> = []
    const heard: Array<string> = []
    inWorld(
      `are replaced where the host ${what} at the third ${stage}: every message is taken, and once`,
      {
        hosts: { "192.0.2.1:25": { connects: "accepts", inbox, heard, script: { [stage]: third(reply) } } },
        controls: toOne
      },
      Effect.gen(function* () {
        const settings = yield* RemoteControls.readSettings
        for (let i = 0; i < 4; i++) assert.match(yield* RemoteAgent.deliver(job, settings), /^r\0K/)
        assert.lengthOf(inbox, 4)
        assert.lengthOf(heard, 2)
      })
    )
  }

  inWorld(
    "are replaced once: a host that says 421 on a fresh connection too is left for later",
    {
      hosts: one({
        MAIL: (() => {
          let turn = 0
          return () => says(++turn === 1 ? "250 ok" : "421 busy")
        })()
      }),
      controls: toOne
    },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      assert.match(yield* RemoteAgent.deliver(job, settings), /^r\0K/)
      assert.match(yield* RemoteAgent.deliver(job, settings), /^ZConnected to 192\.0\.2\.1 but sender was rejected/)
    })
  )

  const classic: Array<string> = []
  inWorld(
    "do not exist in classic homes",
    { hosts: { "192.0.2.1:25": { connects: "accepts", heard: classic } }, controls: toOne, classic: true },
    Effect.gen(function* () {
      const settings = yield* RemoteControls.readSettings
      for (let i = 0; i < 2; i++) yield* RemoteAgent.deliver(job, settings)
      assert.lengthOf(classic, 2)
      assert.isTrue(classic[0]!.startsWith("HELO me.example\r\nMAIL FROM:<s@src.example>\r\n"))
      assert.isTrue(classic[0]!.endsWith("QUIT\r\n"))
    })
  )
})
