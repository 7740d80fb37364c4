import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as net from "node:net"
import { ownHome } from "../../../src/core/control/InstallRecord.ts"
import type { QueueStatus } from "../../../src/core/queue/QueueStatus.ts"
import { Controls } from "../../../src/shell/home/Controls.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { LogSink } from "../../../src/shell/platform/LogSink.ts"
import { QueueClient, type QueuedMessage } from "../../../src/shell/queue/QueueClient.ts"
import * as SmtpListener from "../../../src/shell/intake/SmtpListener.ts"

interface Served {
  readonly ports: ReadonlyArray<number>
  readonly queued: ReadonlyArray<QueuedMessage>
  readonly drain: () => Promise<void>
  readonly reload: () => Promise<Exit.Exit<void, unknown>>
  readonly controls: Record<string, string>
  readonly logged: ReadonlyArray<string>
}

/** A server of its own for each test, with a queue in memory. */
const serving = async (
  options: Partial<SmtpListener.Options> & { readonly queue?: Layer.Layer<QueueClient> },
  test: (served: Served) => Promise<void>
): Promise<void> => {
  const queued: Array<QueuedMessage> = []
  const controls: Record<string, string> = { me: "mx.example\n", locals: "mx.example\n", timeoutsmtpd: "60\n" }
  const logged: Array<string> = []
  const services = Layer.mergeAll(
    LogSink.layerMemory(logged),
    Home.layerMemory("/home", ownHome),
    Controls.layerMemory(controls, false),
    options.queue ?? QueueClient.layerMemory(queued)
  )
  const scope = Scope.makeUnsafe()
  const listening = await Effect.runPromise(
    SmtpListener.serve({ listen: ["127.0.0.1:0"], drainSeconds: 0.2, ...options }).pipe(
      Scope.provide(scope),
      Effect.provide(services)
    )
  )
  try {
    await test({
      ports: listening.addresses.map((address) => Number(/\d+$/.exec(address)![0])),
      queued,
      controls,
      logged,
      drain: () => Effect.runPromise(listening.drain),
      reload: () => Effect.runPromiseExit(Effect.provide(listening.reload, services))
    })
  } finally {
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

/** A client that can wait for a text. */
const connect = (port: number) => {
  const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true })
  let heard = ""
  let closed = false
  const isOver = () => closed
  const waiting: Array<() => void> = []
  const look = (): void => waiting.splice(0).forEach((again) => again())
  socket.on("data", (bytes) => {
    heard += bytes.toString("latin1")
    look()
  })
  socket.on("error", () => {})
  socket.on("close", () => {
    closed = true
    look()
  })
  socket.on("end", () => socket.end())
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition() && !isOver()) await new Promise<void>((again) => waiting.push(again))
  }
  return {
    say: (...lines: ReadonlyArray<string>) => void socket.write(lines.map((line) => `${line}\r\n`).join("")),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    /** All that was heard, once it contains the text or the connection is over. */
    hears: async (text: string) => {
      await until(() => heard.includes(text))
      return heard
    },
    isClosed: async () => {
      await until(isOver)
      return heard
    }
  }
}

const message = ["MAIL FROM:<a@b>", "RCPT TO:<u@mx.example>", "DATA", "hello", "."]

describe("SmtpListener", () => {
  it("takes a message and says who brought it", () =>
    serving({}, async ({ ports, queued }) => {
      const client = connect(ports[0]!)
      client.say("EHLO me.example", ...message, "QUIT")
      assert.match(await client.isClosed(), /354 go ahead\r\n250 ok \d+ qp 7\r\n221 mx\.example\r\n$/)
      assert.strictEqual(queued.length, 1)
      const { envelope, origin, text } = queued[0]!
      assert.deepStrictEqual(
        { envelope, origin },
        { origin: "network", envelope: { sender: "a@b", recipients: ["u@mx.example"] } }
      )
      assert.match(
        text,
        /^Received: from unknown \(HELO me\.example\) \(127\.0\.0\.1\)\n {2}by mx\.example with SMTP; .* -0000\nhello\n$/
      )
    }))

  it("listens on several addresses, v4 and v6", () =>
    serving({ listen: ["127.0.0.1:0", "[::1]:0"] }, async ({ ports }) => {
      const six = net.connect({ host: "::1", port: ports[1]! })
      const greeting = await new Promise<Buffer>((told) => six.once("data", told))
      assert.strictEqual(greeting.toString(), "220 mx.example ESMTP\r\n")
      six.destroy()
      const four = connect(ports[0]!)
      assert.strictEqual(await four.hears("\n"), "220 mx.example ESMTP\r\n")
      four.reset()
    }))

  it("gives a half-closed client its 250", () =>
    serving({}, async ({ ports, queued }) => {
      const client = connect(ports[0]!)
      client.say(...message)
      client.end()
      assert.match(await client.isClosed(), /250 ok \d+ qp 7\r\n$/)
      assert.strictEqual(queued.length, 1)
    }))

  it("queues nothing of a message whose client goes away", () =>
    serving({}, async ({ drain, ports, queued }) => {
      const client = connect(ports[0]!)
      client.say(...message.slice(0, -1))
      await client.hears("354")
      client.reset()
      await drain()
      assert.strictEqual(queued.length, 0)
    }))

  it("sends away who is one too many, and serves him when there is room", () =>
    serving({ limits: { connectionsMax: 1, connectionsPerClientMax: 1 } }, async ({ ports }) => {
      const first = connect(ports[0]!)
      await first.hears("220")
      assert.strictEqual(await connect(ports[0]!).isClosed(), "421 too many connections (#4.7.0)\r\n")
      first.say("QUIT")
      await first.isClosed()
      let heard = ""
      while (!heard.startsWith("220")) heard = await connect(ports[0]!).hears("\n")
    }))

  it("keeps descriptors for the queue: sends clients away, and says so once", () =>
    serving({ descriptorsMax: 2 }, async ({ logged, ports }) => {
      for (let i = 0; i < 3; i++)
        assert.strictEqual(await connect(ports[0]!).isClosed(), "421 too many connections (#4.7.0)\r\n")
      assert.deepStrictEqual(logged, [
        "warning: out of descriptors: of 2 the last are kept for the queue; new clients are sent away"
      ])
    }))

  it("answers a pipelined session in order, over many messages", () =>
    serving({}, async ({ ports, queued }) => {
      const client = connect(ports[0]!)
      for (let i = 0; i < 50; i++) client.say(...message)
      client.say("QUIT")
      const heard = await client.isClosed()
      assert.strictEqual(heard.match(/^250 ok \d+ qp 7\r$/gm)?.length, 50)
      assert.strictEqual(queued.length, 50)
    }))

  it("while the queue is slow, reads no further and loses nothing", async () => {
    let answerQueue: (status: QueueStatus) => void = () => {}
    let bytes = 0
    let whole: () => void = () => {}
    const arrived = new Promise<void>((told) => (whole = told))
    const slow = Layer.succeed(QueueClient, {
      open: () =>
        Effect.succeed({
          qp: 1,
          put: (chunk) =>
            Effect.callback<void>((resume) => {
              bytes += chunk.length
              setImmediate(() => resume(Effect.void))
            }),
          finish: () =>
            Effect.callback<QueueStatus>((resume) => {
              answerQueue = (status) => resume(Effect.succeed(status))
              whole()
            }),
          abandon: Effect.succeed({ _tag: "Refused", outcome: "temporary", text: "" } as const)
        })
    })
    await serving({ queue: slow }, async ({ ports }) => {
      const client = connect(ports[0]!)
      const body = Array.from({ length: 40_000 }, () => "x".repeat(70))
      client.say(...message.slice(0, 3), ...body, ".", "NOOP")
      await client.hears("354")
      await arrived
      assert.isAbove(bytes, 40_000 * 71)
      client.say("QUIT")
      answerQueue({ _tag: "Queued", qp: 9 })
      assert.match(await client.isClosed(), /354 go ahead\r\n250 ok \d+ qp 9\r\n250 ok\r\n221 mx\.example\r\n$/)
    })
  })

  it("drains: no new clients, 421 for the idle, the message under way is taken", () =>
    serving({ drainSeconds: 5 }, async ({ drain, ports, queued }) => {
      const idle = connect(ports[0]!)
      const busy = connect(ports[0]!)
      await idle.hears("220")
      busy.say(...message.slice(0, 3))
      await busy.hears("354")
      const drained = drain()
      assert.match(await idle.isClosed(), /421 shutting down \(#4\.3\.2\)\r\n$/)
      busy.say("hello", ".")
      assert.match(await busy.isClosed(), /250 ok \d+ qp 7\r\n421 shutting down \(#4\.3\.2\)\r\n$/)
      await drained
      assert.strictEqual(queued.length, 1)
      assert.strictEqual(await connect(ports[0]!).isClosed(), "")
    }))

  it("drains in bounded time, whoever dawdles", () =>
    serving({ drainSeconds: 0.05 }, async ({ drain, ports, queued }) => {
      const client = connect(ports[0]!)
      client.say(...message.slice(0, 4))
      await client.hears("354")
      await drain()
      await client.isClosed()
      assert.strictEqual(queued.length, 0)
    }))

  it("rereads its policy for the sessions to come, and keeps it if the new one is bad", () =>
    serving({}, async ({ controls, ports, reload }) => {
      const recipient = async () => {
        const client = connect(ports[0]!)
        client.say("MAIL FROM:<>", "RCPT TO:<u@new.example>", "QUIT")
        return /\n(\d+) [^\n]*\r\n221/.exec(await client.isClosed())![1]
      }
      assert.strictEqual(await recipient(), "553")
      controls["rcpthosts"] = "new.example\n"
      assert.strictEqual(await recipient(), "553")
      assert.isTrue(Exit.isSuccess(await reload()))
      assert.strictEqual(await recipient(), "250")
      controls["relayclients"] = "10.0.0.0/99\n"
      assert.isTrue(Exit.isFailure(await reload()))
      assert.strictEqual(await recipient(), "250")
    }))

  it("says which address it cannot listen on, and why", () =>
    serving({}, async ({ ports }) => {
      for (const [listen, errno] of [
        [`127.0.0.1:${ports[0]}`, "EADDRINUSE"],
        ["nonsense", "EINVAL"],
        ["192.0.2.1:0", "EADDRNOTAVAIL"]
      ] as const) {
        const failure = await Effect.runPromise(
          Effect.flip(Effect.scoped(SmtpListener.serve({ listen: ["127.0.0.1:0", listen] }))).pipe(
            Effect.provide(
              Layer.mergeAll(
                Home.layerMemory("/home", ownHome),
                Controls.layerMemory({ me: "m\n" }, false),
                QueueClient.layerMemory([]),
                LogSink.layerMemory([])
              )
            )
          )
        )
        assert.deepInclude(failure, { _tag: "ListenError", endpoint: listen, errno })
      }
    }))
})
