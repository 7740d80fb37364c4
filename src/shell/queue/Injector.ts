/**
 * Performs QueueInjection on the queue: one message on its way from a caller to todo/. qmail-queue feeds it from its
 * descriptors; a server has it as its `QueueClient` and starts no process.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { concat } from "../../core/Bytes.ts"
import * as EnvelopeRecords from "../../core/envelope/EnvelopeRecords.ts"
import { receivedByQueue } from "../../core/header/TraceFields.ts"
import type { MessageNumber } from "../../core/queue/MessageNumber.ts"
import * as QueueInjection from "../../core/queue/QueueInjection.ts"
import * as QueueOrigin from "../../core/queue/QueueOrigin.ts"
import { type QueueStatus, statusOf } from "../../core/queue/QueueStatus.ts"
import * as Drive from "../platform/Drive.ts"
import { type FileCalls, Files, type FilesError } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { MessageHints } from "./MessageHints.ts"
import { QueueClient, type QueueEntry } from "./QueueClient.ts"
import { type QueueCalls, QueueStore } from "./QueueStore.ts"
import { QueueTrigger, type TriggerCalls } from "./QueueTrigger.ts"

export interface Tools {
  readonly files: FileCalls
  readonly store: QueueCalls
  readonly trigger: TriggerCalls
  /** Whoever sends in the same process is told what we know. */
  readonly hints: MessageHints["Service"] | undefined
}

export const tools: Effect.Effect<Tools, never, Files | QueueStore | QueueTrigger> = Effect.gen(function* () {
  const hints = Option.getOrUndefined(yield* Effect.serviceOption(MessageHints))
  return { files: yield* Files, store: yield* QueueStore, trigger: yield* QueueTrigger, hints }
})

/** One injection: the machine's state and the two files it has open. */
export class Injection {
  state: QueueInjection.State
  readonly #tools: Tools
  #commands: ReadonlyArray<QueueInjection.Command>
  #message: number | undefined
  #envelope: number | undefined
  #messageBytes = 0
  #envelopeBytes = 0
  /** For the hint. */
  #records: Array<Uint8Array> = []

  /** Nothing is on disk until `begin`. */
  constructor(tools: Tools, birth: QueueInjection.Birth) {
    this.#tools = tools
    const { commands, state } = QueueInjection.initial(birth)
    this.state = state
    this.#commands = commands
  }

  get isOver(): boolean {
    return QueueInjection.isOver(this.state)
  }

  /** Makes the message's file. */
  readonly begin: Effect.Effect<void> = Effect.suspend(() => this.#perform(this.#commands))

  /** Tells the machine what the caller said, and does what follows from it. */
  readonly tell = (event: QueueInjection.Event): Effect.Effect<void> =>
    Effect.suspend(() => (this.isOver ? Effect.void : this.#perform(this.#decide(event))))

  #decide(event: QueueInjection.Event): ReadonlyArray<QueueInjection.Command> {
    const { commands, state } = QueueInjection.decide(this.state, event)
    this.state = state
    return commands
  }

  #perform(commands: ReadonlyArray<QueueInjection.Command>): Effect.Effect<void> {
    return Effect.andThen(
      Drive.perform(
        commands,
        (command) => this.#command(command),
        (event) => this.#decide(event)
      ),
      Effect.suspend(() => (this.isOver ? this.#close : Effect.void))
    )
  }

  #command(command: QueueInjection.Command): Effect.Effect<QueueInjection.Event | undefined, FilesError> {
    const { files, store, trigger } = this.#tools
    switch (command._tag) {
      case "CreateName":
        return Effect.map(store.createName(command.name), ({ fd, id }) => {
          this.#message = fd
          return { _tag: "NameCreated", id }
        })
      case "LinkMessage":
        return Effect.as(store.linkMessage(command.name, command.id), { _tag: "MessageLinked" })
      case "RemoveName":
        return Effect.as(store.removeName(command.name), { _tag: "NameRemoved" })
      case "WriteMessage":
        this.#messageBytes += command.bytes.length
        return Effect.as(files.write(this.#message!, command.bytes), { _tag: "MessageWritten" })
      case "CreateEnvelope":
        return Effect.map(store.createEnvelope(command.id), (fd) => {
          this.#envelope = fd
          return { _tag: "EnvelopeCreated" }
        })
      case "WriteEnvelope":
        this.#envelopeBytes += command.bytes.length
        if (this.#tools.hints !== undefined) this.#records.push(command.bytes)
        return Effect.as(files.write(this.#envelope!, command.bytes), { _tag: "EnvelopeWritten" })
      case "Sync":
        return Effect.as(
          store.sync(
            command.id,
            { fd: this.#message!, bytes: this.#messageBytes },
            { fd: this.#envelope!, bytes: this.#envelopeBytes }
          ),
          { _tag: "Synced" }
        )
      case "LinkTodo":
        return Effect.as(store.linkTodo(command.id), { _tag: "TodoLinked" })
      case "SyncTodo":
        return Effect.as(store.syncTodo, { _tag: "TodoSynced" })
      case "ForgetName":
        return unanswered(store.removeName(command.name))
      case "ForgetEnvelope":
        return unanswered(store.removeEnvelope(command.id))
      case "ForgetMessage":
        return unanswered(store.forgetMessage(command.id, command.withEnvelope))
      case "PullTrigger":
        return unanswered(Effect.andThen(this.#hint(command.id), trigger.pull(command.id)))
    }
  }

  #hint(id: MessageNumber): Effect.Effect<void> {
    const { hints } = this.#tools
    return hints === undefined
      ? Effect.void
      : hints.give(id, { todo: concat(this.#records), bytes: this.#messageBytes })
  }

  readonly #close: Effect.Effect<void> = Effect.suspend(() => {
    const open = [this.#message, this.#envelope].filter((fd) => fd !== undefined)
    this.#message = this.#envelope = undefined
    return Effect.forEach(open, (fd) => Effect.ignore(this.#tools.files.close(fd)), { discard: true })
  })
}

const unanswered = (effect: Effect.Effect<unknown, FilesError>): Effect.Effect<undefined> =>
  Effect.as(Effect.ignore(effect), undefined)

export type Services = Files | Home | Identity | QueueStore | QueueTrigger

/** The queue as a server uses it: no process, and one write for a message of ordinary size. */
export const layer: Layer.Layer<QueueClient, never, Services> = Layer.effect(
  QueueClient,
  Effect.gen(function* () {
    return yield* client(byItself(yield* tools), 1)
  })
)

/** The same where another thread takes the small messages. */
export const layerWith = <E, R>(whole: Effect.Effect<Ways["whole"], E, R>): Layer.Layer<QueueClient, E, Services | R> =>
  Layer.effect(
    QueueClient,
    Effect.gen(function* () {
      return yield* client({ ...byItself(yield* tools), whole: yield* whole }, 2)
    })
  )

export interface Ways {
  readonly piecewise: (birth: QueueInjection.Birth) => Injection
  /** A small message. */
  readonly whole: (
    birth: QueueInjection.Birth,
    text: Uint8Array,
    envelope: Uint8Array
  ) => Effect.Effect<QueueInjection.Ended>
}

/** By this thread itself. */
const byItself = (all: Tools): Ways => ({
  piecewise: (birth) => new Injection(all, birth),
  whole: (birth, text, envelope) => injectWhole(all, birth, text, envelope)
})

/** All of a message at once. */
export const injectWhole = (all: Tools, birth: QueueInjection.Birth, text: Uint8Array, envelope: Uint8Array) =>
  Effect.suspend(() => {
    const injection = new Injection(all, birth)
    return injection.begin.pipe(
      Effect.andThen(injection.tell({ _tag: "TextCame", bytes: text })),
      Effect.andThen(injection.tell({ _tag: "TextEnded" })),
      Effect.andThen(injection.tell({ _tag: "EnvelopeCame", bytes: envelope })),
      Effect.map(() => injection.state as QueueInjection.Ended),
      Effect.uninterruptible
    )
  })

/** Two threads of a server number messages: each takes every second number. */
const client = Effect.fnUntraced(function* (ways: Ways, first: 1 | 2) {
  const { record } = yield* Home
  const { pid, uid } = yield* Identity
  // Numbers stand for the process ids of qmail-queue: unique while this process lives.
  let lastQp = pid + first - threads
  const calls: QueueClient["Service"] = {
    open: (origin) =>
      Effect.map(Clock.currentTimeMillis, (millis) => {
        const qp = (lastQp += threads)
        const time = Math.floor(millis / 1000)
        const [part, caller] = typeof origin === "object" ? (["user", origin.uid] as const) : ([origin, uid] as const)
        const received = receivedByQueue({ pid: qp, origin: QueueOrigin.ofPart(part, caller), time })
        return entryOf(ways, { qp, time, uid: caller, received, classic: record.classic })
      })
  }
  return calls
})

const threads = 2

/** A message stays in memory until it is whole, or too large for that. */
const entryOf = (ways: Ways, birth: QueueInjection.Birth): QueueEntry => {
  const { qp } = birth
  let pieces: Array<Uint8Array> = []
  let waiting = 0
  let injection: Injection | undefined
  const flush = Effect.suspend(() => {
    const bytes = concat(pieces)
    pieces = []
    waiting = 0
    const begun = injection === undefined ? (injection = ways.piecewise(birth)).begin : Effect.void
    return Effect.andThen(
      begun,
      Effect.suspend(() => injection!.tell({ _tag: "TextCame", bytes }))
    )
  })
  const end = (envelope: Uint8Array): Effect.Effect<QueueInjection.State> =>
    injection === undefined
      ? ways.whole(birth, concat(pieces), envelope)
      : flush.pipe(
          Effect.andThen(injection.tell({ _tag: "TextEnded" })),
          Effect.andThen(injection.tell({ _tag: "EnvelopeCame", bytes: envelope })),
          Effect.map(() => injection!.state)
        )
  const leave = Effect.suspend(() =>
    (injection === undefined ? Effect.void : Effect.uninterruptible(injection.tell({ _tag: "CallerLeft" }))).pipe(
      Effect.map(() => statusOf({ qp, ending: { _tag: "Exited", exitCode: 54 }, failed: true, custom: "" }))
    )
  )
  return {
    qp,
    put: (bytes) =>
      Effect.suspend(() => {
        if (injection?.isOver) return Effect.void
        pieces.push(bytes)
        waiting += bytes.length
        return waiting < pieceBytes ? Effect.void : Effect.uninterruptible(flush)
      }),
    finish: (envelope) =>
      Result.match(EnvelopeRecords.format(envelope), {
        onFailure: () => leave,
        onSuccess: (bytes) =>
          Effect.uninterruptible(
            Effect.map(
              Effect.suspend(() => end(bytes)),
              (state) => statusAt(state, qp)
            )
          )
      }),
    abandon: leave
  }
}

const statusAt = (state: QueueInjection.State, qp: number): QueueStatus => {
  if (state._tag === "Queued") return { _tag: "Queued", qp }
  const { custom, exitCode } = state._tag === "Abandoned" ? state : { custom: "", exitCode: 81 }
  return statusOf({
    qp,
    ending: { _tag: "Exited", exitCode: custom === "" ? exitCode : QueueInjection.exitCustom },
    failed: false,
    custom
  })
}

const pieceBytes = 65536
