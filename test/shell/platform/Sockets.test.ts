import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { createServer, type Server } from "node:net"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as MemoryNetwork from "../../../src/shell/memory/MemoryNetwork.ts"
import { Sockets, type SocketsError } from "../../../src/shell/platform/Sockets.ts"

/** Ports of hosts on 127.0.0.1: the real ones are known when they listen. */
const ports = { talks: 0, hangsUp: 0, silent: 0, nobody: 0 }
const memoryPorts = { talks: 1, hangsUp: 2, silent: 3, nobody: 4 }

const memory = MemoryNetwork.layer({
  "127.0.0.1:1": { connects: "accepts", script: { greeting: MemoryNetwork.says("hello") } },
  "127.0.0.1:2": { connects: "accepts", script: { greeting: MemoryNetwork.hangsUp } },
  "127.0.0.1:3": { connects: "accepts", script: { greeting: MemoryNetwork.saysNothing } },
  "127.0.0.1:4": { connects: "refuses" }
})

const servers: Array<Server> = []
const listen = (serve: Parameters<typeof createServer>[1]) =>
  new Promise<number>((resolve) => {
    const server = createServer({ allowHalfOpen: true }, serve)
    servers.push(server)
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  })

beforeAll(async () => {
  ports.talks = await listen((socket) => {
    socket.on("error", () => {})
    socket.write("hello\r\n")
    socket.on("data", (bytes) => socket.write(bytes.toString("latin1") === "NOOP\r\n" ? "502 unimplemented\r\n" : "?"))
  })
  ports.hangsUp = await listen((socket) => {
    socket.on("error", () => {})
    socket.end()
  })
  ports.silent = await listen((socket) => socket.on("error", () => {}))
  ports.nobody = await listen(() => {})
  await new Promise((resolve) => servers.pop()!.close(resolve))
})
afterAll(() => {
  for (const server of servers) {
    server.close()
    server.unref()
  }
})

const errnoOf = <A>(effect: Effect.Effect<A, SocketsError>) =>
  Effect.match(effect, { onFailure: ({ errno, operation }) => `${operation} ${errno}`, onSuccess: () => "no error" })

const layers: ReadonlyArray<readonly [string, Layer.Layer<Sockets>, () => typeof ports]> = [
  ["the real layer", Sockets.layer, () => ports],
  ["the invented network", memory, () => memoryPorts]
]

for (const [name, layer, portsOf] of layers)
  describe(`Sockets: ${name}`, () => {
    const on = <A, E>(title: string, body: (to: (name: keyof typeof ports) => Connecting) => Effect.Effect<A, E>) =>
      it.live(title, () =>
        Effect.flatMap(Sockets, (sockets) =>
          body((host) => sockets.connect({ address: [127, 0, 0, 1], port: portsOf()[host] }, 10))
        ).pipe(Effect.provide(layer))
      )
    type Connecting = ReturnType<Sockets["Service"]["connect"]>

    on("reads what the other side says, and says something", (to) =>
      Effect.gen(function* () {
        const connection = yield* to("talks")
        assert.strictEqual(fromChunk(yield* connection.read(10)), "hello\r\n")
        assert.isTrue(connection.isQuiet())
        yield* connection.write(toChunk("NOOP\r\n"), 10)
        assert.strictEqual(fromChunk(yield* connection.read(10)), "502 unimplemented\r\n")
        yield* connection.close
        assert.isFalse(connection.isQuiet())
        assert.match(yield* errnoOf(connection.write(toChunk("x"), 1)), /^write /)
      })
    )
    on("is told that nobody listens", (to) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* errnoOf(to("nobody")), "connect ECONNREFUSED")
      })
    )
    on("reads nothing once the other side has ended", (to) =>
      Effect.gen(function* () {
        const connection = yield* to("hangsUp")
        assert.strictEqual((yield* connection.read(10)).length, 0)
        assert.isFalse(connection.isQuiet())
        yield* connection.close
      })
    )
    for (const patience of [0.02, 0])
      on(`loses patience with a silent one after ${patience} seconds`, (to) =>
        Effect.gen(function* () {
          const connection = yield* to("silent")
          assert.strictEqual(yield* errnoOf(connection.read(patience)), "read ETIMEDOUT")
          yield* connection.close
        })
      )
  })

describe("Sockets: the real layer", () => {
  it.live("without patience connects to whoever answers at once", () =>
    Effect.gen(function* () {
      const sockets = yield* Sockets
      const connection = yield* sockets.connect({ address: [127, 0, 0, 1], port: ports.talks }, 0)
      yield* connection.close
    }).pipe(Effect.provide(Sockets.layer))
  )
  it.live("is done with writing when the other side speaks, though it takes no more", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() =>
        listen((socket) =>
          socket.once("data", () => {
            socket.pause()
            socket.write("enough\r\n")
          })
        )
      )
      const sockets = yield* Sockets
      const connection = yield* sockets.connect({ address: [127, 0, 0, 1], port }, 10)
      assert.isFalse(connection.hasSpoken())
      yield* connection.write(new Uint8Array(64 << 20), 60)
      assert.isTrue(connection.hasSpoken())
      yield* connection.taken(60)
      assert.strictEqual(fromChunk(yield* connection.read(10)), "enough\r\n")
      assert.isFalse(connection.hasSpoken())
      assert.strictEqual(yield* errnoOf(connection.taken(0.02)), "write ETIMEDOUT")
      yield* connection.close
    }).pipe(Effect.provide(Sockets.layer))
  )
  it.live("keeps what comes after a read was given up for the next one", () =>
    Effect.gen(function* () {
      let say: (text: string) => void = () => {}
      const port = yield* Effect.promise(() =>
        listen((socket) => (say = (text) => socket.on("error", () => {}).write(text)))
      )
      const connection = yield* (yield* Sockets).connect({ address: [127, 0, 0, 1], port }, 10)
      yield* Effect.timeoutOption(connection.read(10), 1)
      say("late")
      yield* Effect.sleep(1).pipe(Effect.repeat({ until: () => !connection.isQuiet() }), Effect.timeoutOption(1000))
      assert.strictEqual(fromChunk(yield* connection.read(0.1)), "late")
      yield* connection.close
    }).pipe(Effect.provide(Sockets.layer))
  )
  it.live("does not listen once more for each write that was given up", () =>
    Effect.gen(function* () {
      const warnings: Array<Error> = []
      const warned = (warning: Error) => warnings.push(warning)
      process.on("warning", warned)
      const port = yield* Effect.promise(() => listen((socket) => socket.on("error", () => {}).pause()))
      const connection = yield* (yield* Sockets).connect({ address: [127, 0, 0, 1], port }, 10)
      for (let i = 0; i < 20; i++) yield* Effect.timeoutOption(connection.write(new Uint8Array(1 << 20), 10), 1)
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      process.off("warning", warned)
      assert.deepStrictEqual(warnings, [])
      yield* connection.close
    }).pipe(Effect.provide(Sockets.layer))
  )
  it.live("sends a megabyte to a slow reader, and everything arrives", () =>
    Effect.gen(function* () {
      let received = 0
      const port = yield* Effect.promise(() =>
        listen((socket) => {
          socket.on("data", (bytes) => {
            received += bytes.length
            socket.pause()
            setImmediate(() => socket.resume())
          })
          socket.on("end", () => socket.end(`${received}\n`))
        })
      )
      const sockets = yield* Sockets
      const connection = yield* sockets.connect({ address: [127, 0, 0, 1], port }, 10)
      for (let i = 0; i < 16; i++) yield* connection.write(new Uint8Array(65_536), 10)
      yield* connection.close
      yield* Effect.sleep(1).pipe(Effect.repeat({ until: () => received === 1 << 20 }))
    }).pipe(Effect.provide(Sockets.layer))
  )
})
