/**
 * The disk thread of a server, as the rest of the server sees it: it takes small messages into the queue, delivers to
 * mailboxes, removes what is done and changes what the administrator asks for, many at once. See DiskThreadLife for what goes on in it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Worker } from "node:worker_threads"
import type { Answer, AnswerTo, FromThread, Order, ToThread } from "./DiskOrders.ts"
import type { Beginning } from "./DiskThreadLife.ts"
import { Home } from "../home/Home.ts"
import { MessageHints } from "../queue/MessageHints.ts"
import { QueueTrigger } from "../queue/QueueTrigger.ts"
import * as ThreadPort from "../platform/ThreadPort.ts"

/** A thread that has been started. */
export interface Thread {
  readonly port: ThreadPort.Port<FromThread, ToThread>
  /** It has ended, which it never does of its own will. */
  readonly whenLost: (act: () => void) => void
  readonly end: () => void
}

export class DiskThread extends Context.Service<
  DiskThread,
  {
    /** Undefined: the order met a bug, or the thread was lost; then there is a new one for the next order. */
    readonly ask: <O extends Order>(order: O) => Effect.Effect<AnswerTo<O> | undefined>
  }
>()("thresher/shell/DiskThread") {
  /** A worker that runs the program of this process: see Main.runServer. */
  static readonly layer: Layer.Layer<DiskThread, never, Home | MessageHints | QueueTrigger> = Layer.unwrap(
    Effect.map(Home, ({ path }) => DiskThread.layerFrom(() => startWorker({ home: path })))
  )

  /** What is queued in the thread is told to hints and trigger, before whoever asked for it has his answer. */
  static readonly layerFrom = (start: () => Thread): Layer.Layer<DiskThread, never, MessageHints | QueueTrigger> =>
    Layer.effect(
      DiskThread,
      Effect.gen(function* () {
        const hints = yield* MessageHints
        const trigger = yield* QueueTrigger
        const queued = ({ hint, id }: Extract<FromThread, { readonly _tag: "Queued" }>): void =>
          Effect.runSync(Effect.andThen(hint === undefined ? Effect.void : hints.give(id, hint), trigger.pull(id)))
        const employer = yield* Effect.acquireRelease(
          Effect.sync(() => employ(start, queued)),
          ({ dismiss }) => Effect.sync(dismiss)
        )
        return { ask: (order) => askOf(employer.current, order) }
      })
    )
}

/** A thread, and what has been asked of it. */
interface Hand {
  readonly thread: Thread
  readonly underWay: Map<number, (answer: Answer | undefined) => void>
}

const employ = (start: () => Thread, queued: (news: Extract<FromThread, { readonly _tag: "Queued" }>) => void) => {
  let hand: Hand | undefined
  const hire = (): Hand => {
    const hired: Hand = { thread: start(), underWay: new Map() }
    hired.thread.port.listen((said) => {
      if (said._tag === "Queued") queued(said)
      else hired.underWay.get(said.number)?.(said.answer)
    })
    hired.thread.whenLost(() => {
      if (hand === hired) hand = undefined
      for (const answer of hired.underWay.values()) answer(undefined)
    })
    return hired
  }
  hand = hire()
  return { current: () => (hand ??= hire()), dismiss: () => hand?.thread.end() }
}

let lastNumber = 0

const askOf = <O extends Order>(current: () => Hand, order: O): Effect.Effect<AnswerTo<O> | undefined> =>
  Effect.callback((resume) => {
    const { thread, underWay } = current()
    const number = ++lastNumber
    const whenAnswered = (act: (answer: Answer | undefined) => void): void =>
      void underWay.set(number, (answer) => {
        underWay.delete(number)
        act(answer)
      })
    whenAnswered((answer) => resume(Effect.succeed(answer as AnswerTo<O> | undefined)))
    thread.port.send({ _tag: "Ordered", number, order })
    // Whoever interrupts us waits until nothing of it goes on.
    return Effect.callback<void>((left) => {
      if (!underWay.has(number)) return left(Effect.void)
      whenAnswered(() => left(Effect.void))
      thread.port.send({ _tag: "Interrupted", number })
    })
  })

const startWorker = (beginning: Beginning): Thread => {
  const worker = new Worker(process.argv[1]!, { workerData: beginning })
  return {
    port: ThreadPort.over<FromThread, ToThread>(worker),
    whenLost: (act) => void worker.on("error", () => {}).on("exit", act),
    end: () => void worker.terminate()
  }
}
