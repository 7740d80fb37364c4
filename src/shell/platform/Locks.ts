/**
 * Exclusive locks on open files, as flock(2) makes them: they exclude the C programs too. Node has no flock, so
 * flock(1) locks the open file description that it inherits; the lock stays as long as our descriptor is open.
 * Whoever waits in this process waits here, and only one at a time asks flock(1).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Errno } from "../../core/Outcome.ts"
import { Files } from "./Files.ts"
import { type ChildDescription, Processes } from "./Processes.ts"

/** Seconds, 0 for not at all, or `Infinity`. */
export type Patience = number

/**
 * `Busy`: someone else holds it. `Refused`: the file system makes no locks. `Unavailable`: flock(1) does not run.
 */
export type Answer =
  | { readonly _tag: "Locked" }
  | { readonly _tag: "Busy" }
  | { readonly _tag: "Refused" }
  | { readonly _tag: "Unavailable"; readonly errno: Errno }

export interface LockCalls {
  /** Runs `use` with the answer; the lock is held until `use` has ended and the descriptor is closed. */
  readonly whileLocked: <A, E, R>(
    fd: number,
    patience: Patience,
    use: (answer: Answer) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

export class Locks extends Context.Service<Locks, LockCalls>()("thresher/shell/Locks") {
  static readonly layer: Layer.Layer<Locks, never, Files | Processes> = Layer.effect(
    Locks,
    Effect.gen(function* () {
      const processes = yield* Processes
      const ask = (fd: number, patience: Patience): Effect.Effect<Answer> =>
        processes.spawn(flock(fd, patience)).pipe(
          Effect.flatMap((child) => Effect.onInterrupt(child.ending, () => child.kill("SIGKILL"))),
          Effect.map((ending): Answer =>
            ending._tag === "Killed"
              ? { _tag: "Unavailable", errno: "EINTR" }
              : ending.exitCode === 0
                ? { _tag: "Locked" }
                : { _tag: ending.exitCode === exitBusy ? "Busy" : "Refused" }
          ),
          Effect.catch(({ errno }) => Effect.succeed<Answer>({ _tag: "Unavailable", errno }))
        )
      return waitingHere(yield* Files, ask)
    })
  )

  /** Knows the locks of this process only. `lockedElsewhere`: inode numbers that another process has locked. */
  static readonly layerMemory = (lockedElsewhere: ReadonlySet<string> = new Set()): Layer.Layer<Locks, never, Files> =>
    Layer.effect(
      Locks,
      Effect.map(Files, (files) =>
        waitingHere(files, (fd, patience) =>
          files.fstat(fd).pipe(
            Effect.flatMap(({ inode }) =>
              !lockedElsewhere.has(inode)
                ? Effect.succeed<Answer>({ _tag: "Locked" })
                : patience === Infinity
                  ? Effect.never
                  : Effect.as(Effect.sleep(patience * 1000), { _tag: "Busy" } as Answer)
            ),
            Effect.orElseSucceed((): Answer => ({ _tag: "Refused" }))
          )
        )
      )
    )
}

interface Ticket {
  isTurn: boolean
  proceed: () => void
}

/** One file is one queue, whatever path it was opened by. The first ticket of a queue has its turn. */
const waitingHere = (
  files: Files["Service"],
  ask: (fd: number, patience: Patience) => Effect.Effect<Answer>
): LockCalls => {
  const queues = new Map<string, Array<Ticket>>()
  const join = (key: string): Ticket => {
    const queue = queues.get(key)
    const ticket: Ticket = { isTurn: queue === undefined, proceed: () => {} }
    if (queue === undefined) queues.set(key, [ticket])
    else queue.push(ticket)
    return ticket
  }
  const leave = (key: string, ticket: Ticket): void => {
    const queue = queues.get(key)!
    queue.splice(queue.indexOf(ticket), 1)
    const next = queue[0]
    if (next === undefined) queues.delete(key)
    else if (ticket.isTurn) {
      next.isTurn = true
      next.proceed()
    }
  }
  const awaitTurn = (ticket: Ticket, patience: Patience): Effect.Effect<unknown> => {
    if (ticket.isTurn || patience === 0) return Effect.void
    const turn = Effect.callback<void>((resume) => {
      ticket.proceed = () => resume(Effect.void)
    })
    return patience === Infinity ? turn : Effect.timeoutOption(turn, patience * 1000)
  }
  return {
    whileLocked: (fd, patience, use) =>
      files.fstat(fd).pipe(
        Effect.map(({ inode }) => inode),
        Effect.orElseSucceed(() => `descriptor ${fd}`),
        Effect.flatMap((key) => {
          const ticket = join(key)
          return awaitTurn(ticket, patience).pipe(
            Effect.flatMap(() => (ticket.isTurn ? ask(fd, patience) : Effect.succeed<Answer>({ _tag: "Busy" }))),
            Effect.flatMap(use),
            Effect.ensuring(Effect.sync(() => leave(key, ticket)))
          )
        })
      )
  }
}

/** The code of flock(1) for "still locked": EX_TEMPFAIL, which it uses for nothing else. */
const exitBusy = 75

const flock = (fd: number, patience: Patience): ChildDescription => ({
  program: "flock",
  arguments: [
    "-x",
    "-E",
    `${exitBusy}`,
    ...(patience === 0 ? ["-n"] : patience === Infinity ? [] : ["-w", `${patience}`]),
    "3"
  ],
  environment: { PATH: "/usr/bin:/bin:/usr/local/bin" },
  descriptors: ["ignore", "ignore", "ignore", fd]
})
