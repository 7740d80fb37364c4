/**
 * Waking qmail-send: a byte in the FIFO lock/trigger says that todo/ is worth a look. Within one server the number of
 * the message is said too, so that nobody has to look.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as net from "node:net"
import { type ByteString } from "../../core/Bytes.ts"
import type { MessageNumber } from "../../core/queue/MessageNumber.ts"
import { type FileCalls, Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"

export interface TriggerCalls {
  /** Never fails and never waits: nobody may be listening, and qmail-send looks by itself in the end. */
  readonly pull: (id?: MessageNumber) => Effect.Effect<void>
  /** Everything pulled since the last time; `scan`: somebody else pulled. For one waiter at a time. */
  readonly awaitPull: Effect.Effect<ReadonlyArray<MessageNumber> | "scan">
}

export class QueueTrigger extends Context.Service<QueueTrigger, TriggerCalls>()("thresher/shell/QueueTrigger") {
  /** For programs that queue and do not send. */
  static readonly layerPull: Layer.Layer<QueueTrigger, never, Files | Home> = Layer.effect(
    QueueTrigger,
    Effect.gen(function* () {
      const files = yield* Files
      const home = yield* Home
      return { pull: () => pullFifo(files, fifoOf(home.path)), awaitPull: Effect.never }
    })
  )

  /** For the one process that sends. Without a FIFO only its own messages wake it. */
  static readonly layer: Layer.Layer<QueueTrigger, never, Files | Home> = Layer.effect(
    QueueTrigger,
    Effect.gen(function* () {
      const home = yield* Home
      return yield* listenAt(fifoOf(home.path))
    })
  )

  /** Only the process itself pulls. */
  static readonly layerMemory: Layer.Layer<QueueTrigger> = Layer.sync(QueueTrigger, () => inMemory().calls)
}

const fifoOf = (home: ByteString): ByteString => `${home}/queue/lock/trigger`

/** The same for another FIFO, until the scope closes. */
export const listenAt = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  const trigger = inMemory()
  // Also open for writing: a FIFO whose last writer is gone would be at its end for ever.
  const fd = yield* files.open(path, "updateNonBlocking").pipe(Effect.orElseSucceed(() => undefined))
  if (fd !== undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const socket = new net.Socket({ fd, readable: true, writable: false })
        socket.on("data", () => trigger.pulledByOthers())
        socket.on("error", () => socket.destroy())
        return socket.unref()
      }),
      (socket) => Effect.sync(() => socket.destroy())
    )
  return trigger.calls
})

export const pullFifo = (files: FileCalls, path: ByteString): Effect.Effect<void> =>
  Effect.ignore(
    Effect.acquireUseRelease(
      files.open(path, "writeNonBlocking"),
      (fd) => files.write(fd, new Uint8Array(1)),
      (fd) => Effect.ignore(files.close(fd))
    )
  )

const inMemory = (): { readonly calls: TriggerCalls; readonly pulledByOthers: () => void } => {
  let pulled: Array<MessageNumber> | "scan" = []
  let waiter: Deferred.Deferred<void> | undefined
  const wake = () => {
    if (waiter !== undefined) Deferred.doneUnsafe(waiter, Effect.void)
    waiter = undefined
  }
  const take: Effect.Effect<ReadonlyArray<MessageNumber> | "scan"> = Effect.suspend(() => {
    if (pulled !== "scan" && pulled.length === 0) {
      waiter = Deferred.makeUnsafe<void>()
      return Effect.flatMap(Deferred.await(waiter), () => take)
    }
    const taken = pulled
    pulled = []
    return Effect.succeed(taken)
  })
  const pulledByOthers = () => {
    pulled = "scan"
    wake()
  }
  return {
    pulledByOthers,
    calls: {
      pull: (id) =>
        Effect.sync(() => {
          if (id === undefined) return pulledByOthers()
          if (pulled !== "scan") pulled.push(id)
          wake()
        }),
      awaitPull: take
    }
  }
}
