/**
 * Handing a message to the queue: whoever wants something queued (inject, smtpd, forwards, bounces) uses this.
 * `layerProcess` runs $QMAILQUEUE or bin/qmail-queue; the server's own layer performs the injection itself.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, concat, fromChunk, toChunk } from "../../core/Bytes.ts"
import type { Envelope } from "../../core/envelope/Envelope.ts"
import { customBytesMax, type QueueStatus, statusOf } from "../../core/queue/QueueStatus.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { type Child, Processes } from "../platform/Processes.ts"

/** One message on its way into the queue. First all of `put`, then one of the two ends. */
export interface QueueEntry {
  /** The number that callers show as `qp`. */
  readonly qp: number
  readonly put: (bytes: Uint8Array) => Effect.Effect<void>
  /** All is said; resolves when the message is safe on disk, or is not. */
  readonly finish: (envelope: Envelope) => Effect.Effect<QueueStatus>
  /** Nothing is queued. */
  readonly abandon: Effect.Effect<QueueStatus>
}

/** Who hands the message over, another account by its number; becomes part of its Received field. (queue.md 2) */
export type Origin = "network" | "bounce" | "user" | { readonly uid: number }

export class QueueClient extends Context.Service<
  QueueClient,
  {
    /** Never fails: a queue program that cannot be started is a status. */
    readonly open: (origin: Origin) => Effect.Effect<QueueEntry>
  }
>()("thresher/shell/QueueClient") {
  static readonly layerProcess: Layer.Layer<QueueClient, never, Home | Identity | Processes> = Layer.effect(
    QueueClient,
    Effect.gen(function* () {
      const home = yield* Home
      const { environment } = yield* Identity
      const processes = yield* Processes
      return {
        open: () =>
          processes
            .spawn({
              program: environment["QMAILQUEUE"] ?? "bin/qmail-queue",
              arguments: [],
              environment,
              directory: home.path,
              descriptors: ["toChild", "toChild", 2, "ignore", "ignore", "ignore", "fromChild"]
            })
            .pipe(
              Effect.map(entryOf),
              Effect.orElseSucceed(() => refusing({ _tag: "Exited", exitCode: 120 }))
            )
      }
    })
  )

  /** Puts what is finished into `queued`, or refuses it with `status`. */
  static readonly layerMemory = (
    queued: Array<QueuedMessage>,
    status: (message: QueuedMessage) => QueueStatus = () => ({ _tag: "Queued", qp: 7 })
  ): Layer.Layer<QueueClient> =>
    Layer.succeed(QueueClient, {
      open: (origin) =>
        Effect.sync(() => {
          let text: ByteString = ""
          return {
            qp: 7,
            put: (bytes) => Effect.sync(() => void (text += fromChunk(bytes))),
            finish: (envelope) =>
              Effect.sync(() => {
                const message = { origin, envelope, text }
                const answer = status(message)
                if (answer._tag === "Queued") queued.push(message)
                return answer
              }),
            abandon: Effect.succeed(
              statusOf({ qp: 7, ending: { _tag: "Exited", exitCode: 0 }, failed: true, custom: "" })
            )
          }
        })
    })
}

/** What `layerMemory` was given. */
export interface QueuedMessage {
  readonly origin: Origin
  readonly envelope: Envelope
  readonly text: ByteString
}

const refusing = (ending: Parameters<typeof statusOf>[0]["ending"]): QueueEntry => {
  const status = Effect.succeed(statusOf({ qp: 0, ending, failed: true, custom: "" }))
  return { qp: 0, put: () => Effect.void, finish: () => status, abandon: status }
}

/**
 * The caller closes the message, writes the envelope, and reads what the child says on descriptor 6. A program that did
 * not take all of both has not queued the message, whatever its exit code says; but what a pipe holds counts as taken, for
 * there are scripts that throw mail away with `exit 0`. (flagerr of qmail.c)
 */
const entryOf = (child: Child): QueueEntry => {
  let isTaken = true
  const given = [0, 0]
  const write = (descriptor: 0 | 1, bytes: Uint8Array) =>
    Effect.map(child.write(descriptor, bytes), (wasTaken) => {
      given[descriptor]! += bytes.length
      if (!wasTaken && given[descriptor]! > pipeBytes) isTaken = false
    })
  const close = (envelope: ByteString, isWithheld: boolean) =>
    Effect.gen(function* () {
      yield* child.end(0)
      yield* write(1, toChunk(envelope))
      yield* child.end(1)
      const pieces: Array<Uint8Array> = []
      for (;;) {
        const piece = yield* child.read(6)
        if (piece.length === 0) break
        pieces.push(piece)
      }
      const ending = yield* child.ending
      const custom = fromChunk(concat(pieces)).slice(0, customBytesMax)
      return statusOf({ qp: child.pid, ending, failed: isWithheld || !isTaken, custom })
    })
  return {
    qp: child.pid,
    put: (bytes) => write(0, bytes),
    finish: ({ recipients, sender }) =>
      close(`F${sender}\0${recipients.map((recipient) => `T${recipient}\0`).join("")}\0`, false),
    abandon: close("", true)
  }
}

const pipeBytes = 65536
