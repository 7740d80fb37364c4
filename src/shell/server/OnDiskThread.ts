/** What a server leaves to its disk thread: small messages on their way in, mailboxes, and the removal of what is done. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SpawnReport from "../../core/delivery/SpawnReport.ts"
import type * as QueueInjection from "../../core/queue/QueueInjection.ts"
import * as AdminEdits from "../admin/AdminEdits.ts"
import { Cleaner } from "../send/Cleaner.ts"
import { DiskThread } from "./DiskThread.ts"
import * as Injector from "../queue/Injector.ts"
import * as OwnDeliveries from "../send/OwnDeliveries.ts"
import { type DeliveryOrder, Spawner } from "../send/Spawner.ts"

export const injector = Injector.layerWith(
  Effect.map(
    DiskThread,
    ({ ask }): Injector.Ways["whole"] =>
      (birth, text, envelope) =>
        Effect.map(ask({ _tag: "Inject", birth, text, envelope }), (ended) => ended ?? brokenOff)
  )
)

const brokenOff: QueueInjection.Ended = { _tag: "Abandoned", exitCode: 81, custom: "" }

export const deliveries = Spawner.layerFrom(
  Effect.gen(function* () {
    const { ask } = yield* DiskThread
    const toRemote = yield* OwnDeliveries.remoteDelivery
    return (order: DeliveryOrder) =>
      order.channel === "remote"
        ? toRemote(order)
        : Effect.map(
            ask({ _tag: "Deliver", delivery: order }),
            (report) => report ?? SpawnReport.crashed(order.channel)
          )
  })
)

/** The thread knows which files may be used again. */
export const cleaner: Layer.Layer<Cleaner, never, DiskThread> = Layer.effect(
  Cleaner,
  Effect.map(DiskThread, ({ ask }) => ({
    lost: Effect.never,
    clean: (request) => Effect.map(ask({ _tag: "Clean", request }), (done) => done === true),
    endStraight: (id) => Effect.map(ask({ _tag: "EndStraight", id }), (end) => end ?? "todoStays"),
    edit: (request) => Effect.map(ask({ _tag: "Edit", request }), (outcomes) => outcomes ?? AdminEdits.undone(request))
  }))
)
