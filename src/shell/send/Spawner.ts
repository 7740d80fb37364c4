/**
 * Deliveries on behalf of qmail-send: by the processes qmail-lspawn and qmail-rspawn at the ends of pipes, or by
 * fibers of this process.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type { ByteString } from "../../core/Bytes.ts"
import type { Fact } from "../../core/delivery/SendState.ts"
import * as SpawnProtocol from "../../core/delivery/SpawnProtocol.ts"
import * as SpawnReport from "../../core/delivery/SpawnReport.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import type { Channel } from "../../core/route/Channel.ts"
import { Home } from "../home/Home.ts"
import * as PipeEnds from "../platform/PipeEnds.ts"

export interface DeliveryOrder {
  readonly channel: Channel
  readonly slot: number
  readonly id: MessageNumber.MessageNumber
  readonly sender: ByteString
  readonly recipient: ByteString
}

export type SpawnerNews = Extract<Fact, { readonly _tag: "Reported" | "SpawnerLost" }>

/** A spawner ended before it said how many deliveries it takes. */
export class SpawnerDead extends Data.TaggedError("SpawnerDead") {}

export interface SpawnerCalls {
  /** How many deliveries each takes at once. */
  readonly limits: Effect.Effect<Readonly<Record<Channel, number>>, SpawnerDead>
  readonly start: (order: DeliveryOrder) => Effect.Effect<void>
  /** Everything since the last time; waits for at least one. */
  readonly news: Effect.Effect<ReadonlyArray<SpawnerNews>>
}

/** Two descriptors of a spawner. */
export interface SpawnerPipes {
  readonly commands: number
  readonly reports: number
}

/** What carries out one delivery in this process: a letter and a text. */
export type Deliver<R> = (order: DeliveryOrder) => Effect.Effect<ByteString, never, R>

export class Spawner extends Context.Service<Spawner, SpawnerCalls>()("thresher/shell/Spawner") {
  static readonly layerPipes = (pipes: Readonly<Record<Channel, SpawnerPipes>>): Layer.Layer<Spawner, never, Home> =>
    Layer.effect(
      Spawner,
      Effect.gen(function* () {
        const { record } = yield* Home
        const news = yield* Queue.unbounded<SpawnerNews>()
        const ends = { local: endsOf(pipes.local), remote: endsOf(pipes.remote) }
        const listen = Effect.fnUntraced(function* (channel: Channel, first: Uint8Array) {
          let piece = first
          let rest: ByteString = ""
          for (;;) {
            const read = SpawnProtocol.readReports(rest, piece)
            rest = read.rest
            for (const report of read.reports) Queue.offerUnsafe(news, { _tag: "Reported", channel, ...report })
            piece = yield* ends[channel].reports.read
            if (piece.length === 0) return Queue.offerUnsafe(news, { _tag: "SpawnerLost", channel })
          }
        })
        const scope = yield* Effect.scope
        const limit = Effect.fnUntraced(function* (channel: Channel) {
          const first = yield* ends[channel].reports.read
          if (first.length === 0) return yield* new SpawnerDead()
          yield* Effect.forkIn(listen(channel, first.slice(1)), scope)
          return first[0]!
        })
        return {
          limits: Effect.gen(function* () {
            return { local: yield* limit("local"), remote: yield* limit("remote") }
          }),
          start: ({ channel, id, recipient, sender, slot }) => {
            const messId = MessageNumber.messId(id, record.split)
            const command = SpawnProtocol.formatCommand({ slot, messId, sender, recipient })
            return Effect.map(ends[channel].commands.write(command), (ok) => {
              if (!ok) Queue.offerUnsafe(news, { _tag: "SpawnerLost", channel })
            })
          },
          news: Queue.takeAll(news)
        }
      })
    )

  /** A fiber for each delivery, as many at once as qmail-send starts. */
  static readonly layerFrom = <R, R2>(
    make: Effect.Effect<Deliver<R>, never, R2>
  ): Layer.Layer<Spawner, never, R | R2> =>
    Layer.effect(
      Spawner,
      Effect.gen(function* () {
        const news = yield* Queue.unbounded<SpawnerNews>()
        const deliver = yield* make
        const services = yield* Effect.context<R>()
        const scope = yield* Effect.scope
        return {
          limits: Effect.succeed({ local: unlimited, remote: unlimited }),
          start: (order) =>
            deliver(order).pipe(
              // One message that we cannot cope with must not stop all others.
              Effect.catchCause(() => Effect.succeed(SpawnReport.crashed(order.channel))),
              Effect.map((report) =>
                Queue.offerUnsafe(news, { _tag: "Reported", channel: order.channel, slot: order.slot, report })
              ),
              Effect.provideContext(services),
              Effect.forkIn(scope),
              Effect.asVoid
            ),
          news: Queue.takeAll(news)
        }
      })
    )
}

const endsOf = ({ commands, reports }: SpawnerPipes) => ({
  commands: PipeEnds.writing(commands),
  reports: PipeEnds.reading(reports)
})

const unlimited = 65535
