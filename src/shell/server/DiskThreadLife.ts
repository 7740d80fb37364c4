/**
 * What goes on in the disk thread: each order is carried out by the machine and the performer that serve everywhere
 * else. Calls on files block, for a call that is handed to another thread and back costs more than most calls
 * themselves; only what waits for the disk, fsync, is handed on, so that many messages wait for it together.
 * (docs/decisions/0008-disk-thread.md)
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { parentPort, workerData } from "node:worker_threads"
import type { ByteString } from "../../core/Bytes.ts"
import type { CleanRequest } from "../../core/queue/CleanRequest.ts"
import type { MessageNumber } from "../../core/queue/MessageNumber.ts"
import { Accounts } from "../home/Accounts.ts"
import * as AdminEdits from "../admin/AdminEdits.ts"
import { Controls } from "../home/Controls.ts"
import type { Answer, FromThread, Order, ToThread } from "./DiskOrders.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import * as Injector from "../queue/Injector.ts"
import { Locks } from "../platform/Locks.ts"
import { type Hint, MessageHints } from "../queue/MessageHints.ts"
import * as OwnDeliveries from "../send/OwnDeliveries.ts"
import { Processes } from "../platform/Processes.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import { QueueTrigger } from "../queue/QueueTrigger.ts"
import * as StraightEnd from "../queue/StraightEnd.ts"
import * as ThreadPort from "../platform/ThreadPort.ts"
import { UserDatabase } from "../home/UserDatabase.ts"

/** What the thread is told when it begins. */
export interface Beginning {
  readonly home: ByteString
}

type Port = ThreadPort.Port<ToThread, FromThread>

/** Everything above files, processes, identity and home; what is queued here is sent by whoever is at the port. */
export const services = (port: Port) =>
  Injector.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(QueueStore.layerServer, UserDatabase.layer, tellingLayer(port))),
    Layer.provideMerge(Accounts.layer),
    Layer.provideMerge(Layer.mergeAll(Locks.layer, Controls.layer))
  )

type Services = Injector.Services | OwnDeliveries.LocalServices | Controls | Files | Home | QueueStore

/** Begins each order when it comes: as many are under way at once as there are. */
export const serve = (port: Port): Effect.Effect<void, never, Services> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<Services>())
    const tools = yield* Injector.tools
    const underWay = new Map<number, Fiber.Fiber<Answer>>()
    port.listen((said) => {
      if (said._tag === "Interrupted") return underWay.get(said.number)?.interruptUnsafe()
      const { number, order } = said
      const fiber = fork(carryOut(tools, order))
      underWay.set(number, fiber)
      fiber.addObserver((exit) => {
        underWay.delete(number)
        port.send({ _tag: "Answered", number, answer: exit._tag === "Success" ? exit.value : undefined })
      })
    })
  })

const carryOut = (tools: Injector.Tools, order: Order): Effect.Effect<Answer, never, Services> => {
  switch (order._tag) {
    case "Inject":
      return Injector.injectWhole(tools, order.birth, order.text, order.envelope)
    case "Deliver":
      return OwnDeliveries.deliverLocal(order.delivery)
    case "Clean":
      return clean(tools, order.request)
    case "EndStraight":
      return StraightEnd.end(tools.files, tools.store, (request) => clean(tools, request), order.id)
    case "Edit":
      return AdminEdits.edit({ ...tools, clean: (request) => clean(tools, request) }, order.request)
  }
}

const clean = ({ store }: Injector.Tools, request: CleanRequest): Effect.Effect<boolean> =>
  Effect.match(store.clean(request), { onFailure: () => false, onSuccess: () => true })

/** Hint and trigger go over in one. */
const tellingLayer = (port: Port): Layer.Layer<MessageHints | QueueTrigger> => {
  const hints = new Map<MessageNumber, Hint>()
  return Layer.mergeAll(
    Layer.succeed(MessageHints, {
      give: (id, hint) => Effect.sync(() => void hints.set(id, hint)),
      take: () => undefined
    }),
    Layer.succeed(QueueTrigger, {
      pull: (id) =>
        Effect.sync(() => {
          if (id === undefined) return
          port.send({ _tag: "Queued", id, hint: hints.get(id) })
          hints.delete(id)
        }),
      awaitPull: Effect.never
    })
  )
}

/** The whole life of the worker. A defect in it ends it: the server starts another. */
export const run = (): void => {
  // A file that is not there is an everyday answer here; taking down the whole stack for each would cost more than it.
  Error.stackTraceLimit = 0
  const { home } = workerData as Beginning
  const port = ThreadPort.over<ToThread, FromThread>(parentPort!)
  const live = services(port).pipe(
    Layer.provideMerge(Home.layerAt(home)),
    Layer.provideMerge(Layer.mergeAll(Files.layerThread, Processes.layer, Identity.layer))
  )
  Effect.runCallback(Effect.provide(Effect.andThen(serve(port), Effect.never), live), {
    onExit: () => process.exit(1)
  })
}
