/**
 * Performs QueueInjection on the queue: one message on its way from a caller to todo/. qmail-queue feeds it from its
 * descriptors; a server has it as its `QueueClient` and starts no process.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { concat } from "../core/Bytes.ts"
import * as EnvelopeRecords from "../core/envelope/EnvelopeRecords.ts"
import { receivedByQueue } from "../core/header/TraceFields.ts"
import type { Step } from "../core/Machine.ts"
import type { MessageNumber } from "../core/queue/MessageNumber.ts"
import * as QueueInjection from "../core/queue/QueueInjection.ts"
import * as QueueOrigin from "../core/queue/QueueOrigin.ts"
import { type QueueStatus, statusOf } from "../core/queue/QueueStatus.ts"
import { type FileCalls, Files, type FilesError } from "./Files.ts"
import { Home } from "./Home.ts"
import { Identity } from "./Identity.ts"
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
    Effect.suspend(() => (this.isOver ? Effect.void : this.#decided(QueueInjection.decide(this.state, event))))

  #decided({ commands, state }: Step<QueueInjection.State, QueueInjection.Command>): Effect.Effect<void> {
    this.state = state
    return commands.length > 0
      ? Effect.andThen(this.#perform(commands), this.isOver ? this.#close : Effect.void)
      : this.isOver
        ? this.#close
        : Effect.void
  }

  #perform(commands: ReadonlyArray<QueueInjection.Command>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (const command of commands) {
        const answer = yield* Effect.match(this.#command(command), {
          onFailure: ({ errno }) => ({ _tag: "Failed", errno }) as const,
          onSuccess: (event) => event
        })
        if (answer !== undefined) yield* this.#decided(QueueInjection.decide(this.state, answer))
      }
    })
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

/** The queue as a server uses it: no process, and one write for a message of ordinary size. */
export const layer: Layer.Layer<QueueClient, never, Files | Home | Identity | QueueStore | QueueTrigger> = Layer.effect(
  QueueClient,
  Effect.gen(function* () {
    const { record } = yield* Home
    const { pid, uid } = yield* Identity
    const all = yield* tools
    // Numbers stand for the process ids of qmail-queue: unique while this process lives.
    let lastQp = pid
    return {
      open: (origin) =>
        Effect.map(Clock.currentTimeMillis, (millis) => {
          const qp = ++lastQp
          const time = Math.floor(millis / 1000)
          const received = receivedByQueue({ pid: qp, origin: QueueOrigin.ofPart(origin, uid), time })
          return entryOf(new Injection(all, { qp, time, uid, received, classic: record.classic }), qp)
        })
    }
  })
)

const entryOf = (injection: Injection, qp: number): QueueEntry => {
  let pieces: Array<Uint8Array> = []
  let waiting = 0
  let hasBegun = false
  const flush = Effect.suspend(() => {
    const bytes = concat(pieces)
    pieces = []
    waiting = 0
    const begun = hasBegun ? Effect.void : injection.begin
    hasBegun = true
    return Effect.andThen(begun, injection.tell({ _tag: "TextCame", bytes }))
  })
  const status = Effect.sync(() => statusAt(injection.state, qp))
  return {
    qp,
    put: (bytes) =>
      Effect.suspend(() => {
        if (injection.isOver) return Effect.void
        pieces.push(bytes)
        waiting += bytes.length
        return waiting < pieceBytes ? Effect.void : Effect.uninterruptible(flush)
      }),
    finish: (envelope) =>
      Result.match(EnvelopeRecords.format(envelope), {
        onFailure: () => leave(injection, hasBegun, qp),
        onSuccess: (bytes) =>
          flush.pipe(
            Effect.andThen(injection.tell({ _tag: "TextEnded" })),
            Effect.andThen(injection.tell({ _tag: "EnvelopeCame", bytes })),
            Effect.andThen(status),
            Effect.uninterruptible
          )
      }),
    abandon: Effect.suspend(() => leave(injection, hasBegun, qp))
  }
}

/** The caller withholds the rest. */
const leave = (injection: Injection, hasBegun: boolean, qp: number): Effect.Effect<QueueStatus> =>
  (hasBegun ? Effect.uninterruptible(injection.tell({ _tag: "CallerLeft" })) : Effect.void).pipe(
    Effect.map(() => statusOf({ qp, ending: { _tag: "Exited", exitCode: 54 }, failed: true, custom: "" }))
  )

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
