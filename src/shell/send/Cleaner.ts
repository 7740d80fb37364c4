/** Removes and changes files of the queue on behalf of qmail-send, which may itself not write everywhere. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { fromChunk, toChunk } from "../../core/Bytes.ts"
import * as CleanRequest from "../../core/queue/CleanRequest.ts"
import type { MessageNumber } from "../../core/queue/MessageNumber.ts"
import type { Outcome, QueueRequest } from "../../core/admin/QueueRequest.ts"
import * as AdminEdits from "../admin/AdminEdits.ts"
import type { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import type { Home } from "../home/Home.ts"
import * as PipeEnds from "../platform/PipeEnds.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import * as StraightEnd from "../queue/StraightEnd.ts"

/** qmail-clean is gone: nothing can be removed any more. */
export class CleanerLost extends Data.TaggedError("CleanerLost") {}

export class Cleaner extends Context.Service<
  Cleaner,
  {
    /** False: something could not be removed. */
    readonly clean: (request: CleanRequest.CleanRequest) => Effect.Effect<boolean, CleanerLost>
    /** Everything of a message that was delivered while it was in todo/. */
    readonly endStraight: (id: MessageNumber) => Effect.Effect<StraightEnd.StraightEnd, CleanerLost>
    /** What the administrator asks of messages of which nothing is on its way. */
    readonly edit: (request: QueueRequest) => Effect.Effect<ReadonlyArray<Outcome>, CleanerLost>
    /** Returns when qmail-clean is gone. */
    readonly lost: Effect.Effect<void>
  }
>()("thresher/shell/Cleaner") {
  /** Asks qmail-clean. Requests do not wait for each other; answers come in their order. */
  static readonly layerPipes = (
    requests: number,
    answers: number
  ): Layer.Layer<Cleaner, never, Controls | Files | Home | QueueStore> =>
    Layer.effect(
      Cleaner,
      Effect.gen(function* () {
        const files = yield* Files
        const store = yield* QueueStore
        const to = PipeEnds.writing(requests)
        const from = PipeEnds.reading(answers)
        const waiting: Array<Deferred.Deferred<boolean, CleanerLost>> = []
        let isLost = false
        const loss = yield* Deferred.make<void>()
        const lose = Effect.sync(() => {
          isLost = true
          Deferred.doneUnsafe(loss, Effect.void)
          for (const waiter of waiting.splice(0)) Deferred.doneUnsafe(waiter, Effect.fail(new CleanerLost()))
        })
        const listen = Effect.gen(function* () {
          for (;;) {
            const piece = yield* from.read
            if (piece.length === 0) return yield* lose
            for (const answer of fromChunk(piece)) {
              const waiter = waiting.shift()
              if (waiter !== undefined)
                Deferred.doneUnsafe(waiter, Effect.succeed(answer === CleanRequest.answers.done))
            }
          }
        })
        yield* Effect.forkScoped(listen)
        const clean = (request: CleanRequest.CleanRequest) =>
          Effect.suspend(() => {
            if (isLost) return Effect.fail(new CleanerLost())
            const waiter = Deferred.makeUnsafe<boolean, CleanerLost>()
            waiting.push(waiter)
            return Effect.andThen(
              Effect.flatMap(to.write(toChunk(CleanRequest.format(request))), (ok) => (ok ? Effect.void : lose)),
              Deferred.await(waiter)
            )
          })
        const services = yield* Effect.context<Controls | Files | Home | QueueStore>()
        return {
          lost: Deferred.await(loss),
          clean,
          endStraight: (id) => StraightEnd.end(files, store, clean, id),
          edit: (request) => Effect.provideContext(AdminEdits.edit({ files, store, clean }, request), services)
        }
      })
    )
}
