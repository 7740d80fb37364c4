/** `thresher queue`: shows what waits, has it changed, and moves it between homes. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { resolve } from "node:path"
import { type ByteString, fromText, toChunk, toText } from "../../core/Bytes.ts"
import type * as QueueCommandLine from "../../core/command/QueueCommandLine.ts"
import { exitTemporary, systemText } from "../../core/Outcome.ts"
import { isMessageNumber, type MessageNumber } from "../../core/queue/MessageNumber.ts"
import * as QueueQuery from "../../core/admin/QueueQuery.ts"
import * as QueueRequest from "../../core/admin/QueueRequest.ts"
import * as QueueTable from "../../core/admin/QueueTable.ts"
import * as SteeringText from "../../core/admin/SteeringText.ts"
import { AdminSocket } from "../admin/AdminSocket.ts"
import { Controls } from "../home/Controls.ts"
import * as DropBox from "../intake/DropBox.ts"
import { Files, type FilesError } from "../platform/Files.ts"
import { Locks } from "../platform/Locks.ts"
import { Fatal } from "../platform/Main.ts"
import * as QueueAdmin from "../admin/QueueAdmin.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import * as QueueTransport from "../admin/QueueTransport.ts"

type OrderOf<Tag extends QueueCommandLine.QueueOrder["_tag"]> = Extract<
  QueueCommandLine.QueueOrder,
  { readonly _tag: Tag }
>

/** Nobody else waits for this process, so calls on files may block; fsyncs of many messages wait together. */
const services = Layer.mergeAll(QueueStore.layer, AdminSocket.layer, Controls.layer, Locks.layer).pipe(
  Layer.provideMerge(Files.layerThread)
)

export const run = (order: QueueCommandLine.QueueOrder) =>
  carryOut(order).pipe(
    Effect.provide(services),
    Effect.catchTags({
      FilesError: ({ errno, operation, path }) => fatal(`unable to ${operation} ${path}: ${systemText(errno)}`),
      ControlsError: ({ file, reason }) => fatal(`unable to read ${file}: ${reason}`)
    })
  )

const carryOut = Effect.fn("QueueCommands.carryOut")(function* (order: QueueCommandLine.QueueOrder) {
  // A file that is not there is an everyday answer here; writing down the stack for each would cost more than it.
  Error.stackTraceLimit = 0
  // A note that root makes is read by the sender's account.
  process.umask(0o022)
  switch (order._tag) {
    case "List":
      return yield* list(order)
    case "Show":
      return yield* show(order)
    case "Steer":
      return yield* steer(order)
    case "Export":
      return yield* exportMail(order)
    case "Import":
      return yield* importMail(order)
  }
})

const now = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

/** A reader that went away has seen enough. */
const say = (text: ByteString) => Effect.flatMap(Files, (files) => Effect.ignore(files.write(1, toChunk(text))))

const fatal = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitTemporary, text }))

const list = Effect.fnUntraced(function* ({ choice, json }: OrderOf<"List">) {
  const time = yield* now
  let count = 0
  yield* QueueAdmin.each(choice, ({ message, recipients }) =>
    say(
      json
        ? QueueTable.json(message, time)
        : `${count++ === 0 ? QueueTable.heading : ""}${QueueTable.line(message, recipients.length, time)}`
    )
  )
  const waiting = yield* Effect.orElseSucceed(DropBox.count, () => 0)
  if (!json) yield* say(QueueTable.footing(count) + QueueTable.dropped(waiting))
  return SteeringText.exitCode([])
})

const show = Effect.fnUntraced(function* ({ choice, json }: OrderOf<"Show">) {
  const time = yield* now
  const { split } = yield* QueueStore
  const seen = new Set<MessageNumber>()
  yield* QueueAdmin.each(choice, ({ message }) => {
    seen.add(message.id)
    return say(json ? QueueTable.json(message, time) : QueueTable.details(message, split, time))
  })
  return yield* report("show", json, SteeringText.missing(choice.ids, seen), seen.size)
})

const steer = Effect.fnUntraced(function* ({ choice, json, reason, verb }: OrderOf<"Steer">) {
  const query = { ...choice, ...QueueQuery.meantBy[verb] }
  const { targets, unsorted } = yield* QueueAdmin.targets(verb, query)
  const seen = new Set([...targets.map(({ id }) => id), ...unsorted])
  const rest = [...unsorted.map((id) => ({ _tag: "Unsorted", id }) as const), ...SteeringText.missing(choice.ids, seen)]
  const told: Array<SteeringText.Outcome> = []
  for (const piece of QueueRequest.pieces({ verb, reason, targets })) {
    const outcomes = yield* QueueAdmin.perform(piece)
    if (outcomes === undefined)
      return yield* fatal("unable to change the queue: the process that has it does not answer")
    yield* report(verb, json, outcomes)
    told.push(...outcomes)
  }
  yield* report(verb, json, rest, told.length)
  return SteeringText.exitCode([...told, ...rest])
})

const report = Effect.fnUntraced(function* (
  action: SteeringText.Action,
  json: boolean,
  results: ReadonlyArray<SteeringText.Outcome>,
  shown = 0
) {
  for (const result of results) yield* say(json ? SteeringText.json(action, result) : SteeringText.line(action, result))
  if (results.length + shown === 0 && !json) yield* say(QueueTable.footing(0))
  return SteeringText.exitCode(results)
})

// Moving mail between homes

const absolute = (path: ByteString): ByteString => fromText(resolve(toText(path)))

const stopped = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(QueueAdmin.whileStopped(work), (done) =>
    Option.isSome(done)
      ? Effect.succeed(done.value)
      : fatal("unable to move messages: a server has the queue (thresher stop ends ours)")
  )

/** What is copied whole, and only that, leaves the queue. */
const exportMail = Effect.fnUntraced(function* ({ choice, directory, json, keep }: OrderOf<"Export">) {
  const files = yield* Files
  const into = absolute(directory)
  const work = Effect.gen(function* () {
    yield* makeDirectory(into)
    const results: Array<SteeringText.Outcome> = []
    const chosen: Array<QueueRequest.Target> = []
    yield* QueueAdmin.each(choice, ({ message: { id, written } }) =>
      Effect.sync(() => chosen.push({ id, written, recipients: undefined }))
    )
    const copied = yield* Effect.filter(
      chosen,
      ({ id }) =>
        Effect.match(QueueTransport.exportMessage(id, `${into}/${id}`), {
          onSuccess: () => true,
          onFailure: (error) => {
            results.push(failed(id, error))
            return false
          }
        }),
      { concurrency: QueueAdmin.messagesAtOnce }
    )
    const seen = new Set(chosen.map(({ id }) => id))
    yield* files.syncDirectory(into)
    const left = keep
      ? copied.map(({ id }) => ({ _tag: "Done", id }) as const)
      : yield* QueueAdmin.applyAndNote({ verb: "delete", reason: `exported to ${into}`, targets: copied })
    return [...left, ...results, ...SteeringText.missing(choice.ids, seen)]
  })
  return yield* report("export", json, yield* stopped(work))
})

/** Every whole message below the directory; one that is in the queue is renamed there, so that it comes only once. */
const importMail = Effect.fnUntraced(function* ({ directory, json }: OrderOf<"Import">) {
  const files = yield* Files
  const from = absolute(directory)
  const one = Effect.fnUntraced(function* (id: MessageNumber) {
    const as = yield* QueueTransport.importMessage(`${from}/${id}`)
    if (as === undefined) return { _tag: "Incomplete", id } as const
    yield* files.rename(`${from}/${id}`, `${from}/${id}.imported`)
    yield* files.syncDirectory(from)
    return { _tag: "Imported", id, as } as const
  })
  const work = Effect.gen(function* () {
    const names = (yield* files.list(from)).filter(isMessageNumber)
    return yield* Effect.forEach(
      names,
      (id) => Effect.catchTag(one(id), "FilesError", (error) => Effect.succeed(failed(id, error))),
      { concurrency: QueueAdmin.messagesAtOnce }
    )
  })
  return yield* report("import", json, yield* stopped(work))
})

const failed = (id: MessageNumber, { errno }: FilesError) => ({ _tag: "Failed", id, errno }) as const

const makeDirectory = Effect.fnUntraced(function* (path: ByteString) {
  const made = yield* Effect.result((yield* Files).mkdir(path, 0o700))
  if (Result.isFailure(made) && made.failure.errno !== "EEXIST") return yield* made.failure
})
