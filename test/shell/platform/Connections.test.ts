import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { spawnSync } from "node:child_process"
import * as net from "node:net"
import { fromChunk } from "../../../src/core/Bytes.ts"
import { emptySet } from "../../../src/core/control/ControlMap.ts"
import * as RcptHosts from "../../../src/core/relay/RcptHosts.ts"
import type { SmtpPolicy } from "../../../src/core/intake/SmtpPolicy.ts"
import * as SmtpServer from "../../../src/core/smtp/SmtpServer.ts"
import * as Connections from "../../../src/shell/platform/Connections.ts"
import * as IntakeSession from "../../../src/shell/intake/IntakeSession.ts"
import { QueueClient, type QueuedMessage } from "../../../src/shell/queue/QueueClient.ts"

type Stoppable = Connections.Connection & { readonly requestStop: () => void }
type Pair = readonly [server: Stoppable, client: Connections.Connection]

const overLoopback: Effect.Effect<Pair> = Effect.callback((resume) => {
  const server = net.createServer({ allowHalfOpen: true }, (accepted) => {
    server.close()
    resume(Effect.succeed([Connections.ofSocket(accepted, 60), Connections.ofSocket(client, 60)]))
  })
  const client = new net.Socket({ allowHalfOpen: true })
  server.listen(0, "127.0.0.1", () => client.connect((server.address() as net.AddressInfo).port, "127.0.0.1"))
})

/** All that arrives until something else than bytes does, and that. */
const hear = Effect.fnUntraced(function* (connection: Connections.Connection, enough = Infinity) {
  let heard = ""
  while (heard.length < enough) {
    const incoming = yield* connection.receive
    if (incoming._tag !== "Bytes") return [heard, incoming._tag] as const
    heard += fromChunk(incoming.bytes)
  }
  return [heard, "enough"] as const
})

for (const [name, make] of [
  ["of sockets", overLoopback],
  ["in memory", Connections.pair(60)]
] as const)
  describe(`Connections ${name}`, () => {
    it.live("carry bytes both ways, and the end of each", () =>
      Effect.gen(function* () {
        const [server, client] = yield* make
        assert.isTrue(yield* client.send("hello\xff"))
        assert.deepStrictEqual(yield* hear(server, 6), ["hello\xff", "enough"])
        assert.isTrue(yield* server.send(new Uint8Array([1, 2])))
        const closing = yield* Effect.forkChild(server.close)
        assert.deepStrictEqual(yield* hear(client), ["\x01\x02", "Ended"])
        assert.strictEqual((yield* client.receive)._tag, "Ended")
        yield* client.close
        yield* Fiber.join(closing)
      })
    )

    it.live("carry more than fits at once, when somebody reads", () =>
      Effect.gen(function* () {
        const [server, client] = yield* make
        const line = "x".repeat(64 * 1024)
        const sending = yield* Effect.forkChild(
          Effect.gen(function* () {
            for (let i = 0; i < 100; i++) assert.isTrue(yield* server.send(line))
            yield* server.close
          })
        )
        const [heard, end] = yield* hear(client)
        assert.deepStrictEqual([heard.length, end], [100 * line.length, "Ended"])
        yield* client.close
        yield* Fiber.join(sending)
      })
    )

    it.live("say once that we should stop, behind what has arrived", () =>
      Effect.gen(function* () {
        const [server, client] = yield* make
        yield* client.send("a")
        assert.deepStrictEqual(yield* hear(server, 1), ["a", "enough"])
        server.requestStop()
        assert.strictEqual((yield* server.receive)._tag, "StopRequested")
        yield* client.send("b")
        assert.deepStrictEqual(yield* hear(server, 1), ["b", "enough"])
        yield* Effect.all([server.close, client.close], { concurrency: 2 })
      })
    )
  })

const policy: SmtpPolicy = {
  greeting: "mx.example",
  localIpHost: undefined,
  badmailfrom: emptySet,
  foreignCommands: undefined,
  rcptHosts: RcptHosts.everything,
  relayClients: [],
  dataBytes: 0,
  offersSize: false,
  isStrict: false,
  hopsMax: 100,
  limits: { recipientsMax: Infinity, commandsMax: Infinity, lineBytesMax: 1000 }
}
const client = {
  remoteIp: "192.0.2.1",
  remoteHost: "unknown",
  remoteInfo: undefined,
  localHost: "mx.example",
  relayVariable: undefined
}

describe("IntakeSession over an invented connection", () => {
  it.effect("takes a message, at the time of the invented clock", () => {
    const queued: Array<QueuedMessage> = []
    return Effect.gen(function* () {
      yield* TestClock.adjust("820631134 seconds")
      const [server, peer] = yield* Connections.pair(1200)
      const session = yield* Effect.forkChild(IntakeSession.run(SmtpServer, server, { policy, client }))
      yield* peer.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n")
      const [heard] = yield* hear(peer)
      assert.strictEqual(
        heard,
        "220 mx.example ESMTP\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n250 ok 820631134 qp 7\r\n221 mx.example\r\n"
      )
      assert.strictEqual(yield* Fiber.join(session), 0)
      assert.include(queued[0]!.text, "by mx.example with SMTP; 3 Jan 1996 01:05:34 -0000\nx\n")
    }).pipe(Effect.provide(QueueClient.layerMemory(queued)))
  })

  it.effect("waits for a silent client as long as it should, and not longer", () =>
    Effect.gen(function* () {
      const [server, peer] = yield* Connections.pair(1200)
      const session = yield* Effect.forkChild(IntakeSession.run(SmtpServer, server, { policy, client }))
      assert.deepStrictEqual(yield* hear(peer, 1), ["220 mx.example ESMTP\r\n", "enough"])
      yield* TestClock.adjust("1199 seconds")
      yield* peer.send("NOOP\r\n")
      assert.deepStrictEqual(yield* hear(peer, 1), ["250 ok\r\n", "enough"])
      yield* TestClock.adjust("1200 seconds")
      assert.deepStrictEqual(yield* hear(peer, 1), ["451 timeout (#4.4.2)\r\n", "enough"])
      assert.strictEqual(yield* Fiber.join(session), 1)
    }).pipe(Effect.provide(QueueClient.layerMemory([])))
  )
})

describe("Connections of descriptors", () => {
  it("say nothing of their own, however often they are read", () => {
    const module = new URL("../../../src/shell/platform/Connections.ts", import.meta.url).href
    const files = new URL("../../../src/shell/platform/Files.ts", import.meta.url).href
    const script = `
      import * as Effect from "effect/Effect"
      import * as Connections from ${JSON.stringify(module)}
      import { Files } from ${JSON.stringify(files)}
      const read = Effect.flatMap(Connections.ofDescriptors(0, 1, 60), ({ receive, send }) =>
        Effect.gen(function* () {
          for (let i = 0; i < 30; i++) {
            yield* send("x")
            if ((yield* receive)._tag !== "Bytes") break
          }
        }))
      await Effect.runPromise(Effect.provide(read, Files.layerSync))
      process.exit(0)`
    // The child answers itself: what it writes comes back to it.
    const loop = `exec "$0" --experimental-strip-types --input-type=module -e "$1" <>"$2" >&0`
    const { status, stderr } = spawnSync(
      "/bin/sh",
      [
        "-c",
        `d=$(mktemp -d) && mkfifo "$d/f" && ( set -- "$1" "$d/f"; ${loop} ); s=$?; rm -r "$d"; exit $s`,
        process.execPath,
        script
      ],
      { encoding: "utf8", cwd: new URL("../../..", import.meta.url) }
    )
    assert.notInclude(stderr, "Warning: Possible EventEmitter memory leak")
    assert.strictEqual(status, 0, stderr)
  })
})
