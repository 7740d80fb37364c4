/** qmail-queue: the message comes on descriptor 0, then the envelope on descriptor 1; the exit code tells the rest. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ByteString, concat, fromChunk, toChunk } from "../../core/Bytes.ts"
import { receivedByQueue } from "../../core/header/TraceFields.ts"
import type { ExitCode } from "../../core/Outcome.ts"
import * as DropSubmission from "../../core/queue/DropSubmission.ts"
import * as QueueInjection from "../../core/queue/QueueInjection.ts"
import * as QueueOrigin from "../../core/queue/QueueOrigin.ts"
import * as AccountFiles from "../../core/users/AccountFiles.ts"
import { Controls } from "../home/Controls.ts"
import * as Descriptors from "../platform/Descriptors.ts"
import * as DropSubmitter from "../queue/DropSubmitter.ts"
import { type FileCalls, Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Injection, tools } from "../queue/Injector.ts"
import { Fatal } from "../platform/Main.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import { QueueTrigger } from "../queue/QueueTrigger.ts"

/** The whole program. It never prints. */
export const program: Effect.Effect<ExitCode, Fatal> = Effect.suspend(() => {
  process.umask(0o033)
  // The signals first: they are caught before the first file is made.
  return Effect.raceFirst(Descriptors.exitOnSignals(signals, lifetime, exitTimeout), intake)
}).pipe(
  Effect.provide(
    Layer.mergeAll(QueueStore.layer, QueueTrigger.layerPull, Controls.layer).pipe(
      Layer.provideMerge(Home.layer),
      Layer.provideMerge(Identity.layer),
      Layer.provideMerge(Files.layerSync)
    )
  ),
  Effect.catchTag(["HomeError", "FilesError"], (error) =>
    Effect.fail(new Fatal({ exitCode: error._tag === "HomeError" ? exitConfiguration : exitHome, text: "" }))
  )
)

export const intake = Effect.gen(function* () {
  const all = yield* tools
  const { files, store } = all
  const home = yield* Home
  const { effectiveUid, pid, uid } = yield* Identity
  const canEnter = (directory: string) =>
    files.stat(`${directory}/.`).pipe(
      Effect.as(true),
      Effect.orElseSucceed(() => false)
    )
  const owner = yield* Effect.option(files.stat(home.path))
  const ownerUid = Option.isSome(owner) ? owner.value.uid : effectiveUid
  if (DropSubmission.mustWait({ owners: home.record.owners, ownerUid, effectiveUid }))
    return yield* waitInDrop(files, effectiveUid, ownerUid)
  if (!(yield* canEnter(store.path("")))) return (yield* canEnter(home.path)) ? exitQueue : exitHome

  yield* workAsOwner(files, store.path("."))

  const time = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const roles = home.record.owners === "one" ? noRoles : yield* roleIds(files, home.record.users)
  const received = receivedByQueue({ pid, origin: QueueOrigin.ofCaller(uid, roles), time })
  const injection = new Injection(all, { qp: pid, time, uid, received, classic: home.record.classic })

  return yield* takeAll(files, injection)
})

/** In a home of one other owner, who takes it from there. */
const waitInDrop = Effect.fnUntraced(function* (files: FileCalls, uid: number, ownerUid: number) {
  const submission = yield* Effect.catchTag(DropSubmitter.make(uid, ownerUid), "ControlsError", () =>
    Effect.fail(new Fatal({ exitCode: exitConfiguration, text: "" }))
  )
  return submission === undefined ? exitQueue : yield* takeAll(files, submission)
})

/** One of the two performers, on its way from the descriptors to the disk. */
type Intake = Injection | DropSubmitter.Submission

const takeAll = Effect.fnUntraced(function* (files: FileCalls, injection: Intake) {
  yield* injection.begin
  yield* feedMessage(files, injection)
  yield* feedEnvelope(files, injection)
  const { state } = injection
  if (state._tag !== "Abandoned") return exitQueued
  return state.custom !== "" && (yield* sayOnSix(files, state.custom)) ? QueueInjection.exitCustom : state.exitCode
})

const feedMessage = Effect.fnUntraced(function* (files: FileCalls, injection: Intake) {
  const read = Descriptors.reader(files, 0)
  for (let ended = false; !ended && !injection.isOver;) {
    const pieces: Array<Uint8Array> = []
    for (let waiting = 0; waiting < pieceBytes && !ended;) {
      const piece = yield* Effect.orElseSucceed(read, () => undefined)
      if (piece === undefined) return yield* left(injection)
      if (piece.length > 0) pieces.push(piece)
      waiting += piece.length
      ended = piece.length === 0
    }
    if (pieces.length > 0) yield* injection.tell({ _tag: "TextCame", bytes: concat(pieces) })
  }
  return yield* injection.tell({ _tag: "TextEnded" })
})

const feedEnvelope = Effect.fnUntraced(function* (files: FileCalls, injection: Intake) {
  const read = injection.isOver ? Effect.never : Descriptors.reader(files, 1)
  while (!injection.isOver) {
    const piece = yield* Effect.orElseSucceed(read, () => undefined)
    if (piece === undefined || piece.length === 0) yield* left(injection)
    else yield* injection.tell({ _tag: "EnvelopeCame", bytes: piece })
  }
})

const left = (injection: Intake): Effect.Effect<boolean> => Effect.as(injection.tell({ _tag: "CallerLeft" }), true)

/**
 * As the set-uid program does: root makes no files of his own in a queue of qmailq, for the spawners deliver only what
 * the owner of the queue wrote. The real uid, which the message names, stays the caller's.
 */
const workAsOwner = (files: FileCalls, queue: ByteString): Effect.Effect<void> =>
  process.geteuid!() !== 0
    ? Effect.void
    : files.stat(queue).pipe(
        Effect.map(({ uid }) => (uid === 0 ? undefined : process.seteuid!(uid))),
        Effect.ignore
      )

/** A user that this machine does not have plays no part. */
const roleIds = (files: FileCalls, users: Readonly<Record<"alias" | "qmaild" | "qmails", string>>) =>
  files.readFile("/etc/passwd").pipe(
    Effect.map((content) => fromChunk(content)),
    Effect.orElseSucceed(() => ""),
    Effect.map((passwd) => {
      const uidOf = (name: string) => AccountFiles.findByName(passwd, name, AccountFiles.passwdLine)?.uid
      return { alias: uidOf(users.alias), qmaild: uidOf(users.qmaild), qmails: uidOf(users.qmails) }
    })
  )

/** Whether anybody is there to read it. */
const sayOnSix = (files: FileCalls, text: string): Effect.Effect<boolean> =>
  Descriptors.isInherited(6)
    ? files.write(6, toChunk(text)).pipe(
        Effect.as(true),
        Effect.orElseSucceed(() => false)
      )
    : Effect.succeed(false)

const noRoles: QueueOrigin.RoleIds = { alias: undefined, qmaild: undefined, qmails: undefined }

const pieceBytes = 65536

/** Seconds after which a caller is given up; the sweep waits longer (QueueSweep.ossified). (qmail-queue.c, DEATH) */
const lifetime = 86400

const exitQueued: ExitCode = 0
const exitTimeout: ExitCode = 52
const exitConfiguration: ExitCode = 55
const exitHome: ExitCode = 61
const exitQueue: ExitCode = 62
const exitBug: ExitCode = 81

/** The others that the original catches (ILL, FPE, BUS, SEGV) end node before any code of ours could run. */
const signals = {
  exits: { SIGALRM: exitTimeout, SIGABRT: exitBug, SIGSYS: exitBug },
  ignored: ["SIGVTALRM", "SIGPROF", "SIGQUIT", "SIGINT", "SIGHUP", "SIGXCPU", "SIGXFSZ"]
} as const
