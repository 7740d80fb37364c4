/**
 * What simulations share: chance from a seed, a home on a disk that forgets, the invariants of the queue as functions
 * of what is on that disk, and two walks: one cuts the power at every effect, one lets every effect fail.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import type { ByteString } from "../../src/core/Bytes.ts"
import * as InstallRecord from "../../src/core/control/InstallRecord.ts"
import * as EnvelopeRecords from "../../src/core/envelope/EnvelopeRecords.ts"
import type { Errno } from "../../src/core/Outcome.ts"
import * as MessageNumber from "../../src/core/queue/MessageNumber.ts"
import { type Presence, stateOf } from "../../src/core/queue/QueueState.ts"
import * as Result from "effect/Result"
import type { FromThread, ToThread } from "../../src/shell/server/DiskOrders.ts"
import type { Thread } from "../../src/shell/server/DiskThread.ts"
import * as DiskThreadLife from "../../src/shell/server/DiskThreadLife.ts"
import type { Files } from "../../src/shell/platform/Files.ts"
import { Home } from "../../src/shell/home/Home.ts"
import { Identity } from "../../src/shell/platform/Identity.ts"
import { MemoryDisk, PowerCut } from "../../src/shell/memory/MemoryDisk.ts"
import { Processes, ProcessesError } from "../../src/shell/platform/Processes.ts"
import * as ThreadPort from "../../src/shell/platform/ThreadPort.ts"

// Chance

/** Numbers from 0 up to 1, the same for the same seed. (mulberry32) */
export const random = (seed: number): (() => number) => {
  let a = seed | 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const coin = (seed: number, chance = 0.5): (() => boolean) => {
  const next = random(seed)
  return () => next() < chance
}

// A home

export const homePath = "/home"

/** A home with an empty queue, durable; and the layers that live in it. */
export const makeHome = (record: InstallRecord.InstallRecord = InstallRecord.ownHome) => {
  const disk = new MemoryDisk()
  for (const directory of ["control", "users", "alias", "queue/pid", "queue/intd", "queue/todo", "queue/bounce"])
    disk.makeDirectories(`${homePath}/${directory}`)
  for (const directory of ["mess", "info", "local", "remote"])
    for (let i = 0; i < record.split; i++) disk.makeDirectories(`${homePath}/queue/${directory}/${i}`)
  disk.makeFile(`${homePath}/queue/lock/sendmutex`, "")
  disk.makeFile(`${homePath}/queue/lock/tcpto`, "\0".repeat(1024))
  disk.makeFile(`${homePath}/queue/lock/trigger`, "", 0o622, 0, "fifo")
  const layer: Layer.Layer<Files | Home | Identity> = Layer.mergeAll(
    disk.layer,
    Home.layerMemory(homePath, record),
    Identity.layerMemory({})
  )
  return { disk, layer, record }
}

/** A disk thread on the same disk, in the thread of the test. */
export const threadIn = (layer: Layer.Layer<Files | Home | Identity>) => (): Thread => {
  const [port, within] = ThreadPort.pair<FromThread, ToThread>()
  const noProcesses = Layer.succeed(Processes, {
    spawn: ({ program }) => Effect.fail(new ProcessesError({ program, errno: "ENOENT" }))
  })
  const services = DiskThreadLife.services(within).pipe(Layer.provideMerge(Layer.merge(layer, noProcesses)))
  const life = Effect.runFork(Effect.provide(Effect.andThen(DiskThreadLife.serve(within), Effect.never), services))
  const lost: Array<() => void> = []
  life.addObserver(() => lost.forEach((act) => act()))
  return { port, whenLost: (act) => void lost.push(act), end: () => life.interruptUnsafe() }
}

/** Runs on a clock of its own, which stands still unless the effect moves it. */
export const runExit = <A, E>(effect: Effect.Effect<A, E>): Promise<Exit.Exit<A, E>> =>
  Effect.runPromiseExit(Effect.provide(effect, TestClock.layer()) as Effect.Effect<A, E>)

/** The value; a power cut is undefined; any other defect or failure is thrown. */
export const runUntilCut = async <A, E>(effect: Effect.Effect<A, E>): Promise<A | undefined> => {
  const exit = await runExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  const cut = exit.cause.reasons.every((reason) => reason._tag !== "Die" || reason.defect instanceof PowerCut)
  if (cut && exit.cause.reasons.some((reason) => reason._tag === "Die")) return undefined
  throw new Error(`not a power cut: ${String(exit.cause)}`)
}

// What is in the queue

export interface QueueView {
  readonly id: MessageNumber.MessageNumber
  readonly files: Presence
  readonly mess: ByteString | undefined
  readonly todo: ByteString | undefined
  readonly info: ByteString | undefined
  readonly local: ByteString | undefined
  readonly remote: ByteString | undefined
  readonly bounce: ByteString | undefined
}

/** Every number of which the queue holds any file. */
export const queueViews = (disk: MemoryDisk, split: number): ReadonlyArray<QueueView> => {
  const files = disk.snapshot(`${homePath}/queue`)
  const ids = new Set<string>()
  for (const path of files.keys()) {
    const [, id] = /^.*\/queue\/(?:mess|info|local|remote|intd|todo|bounce)\/(?:[0-9]+\/)?([0-9]+)$/.exec(path) ?? []
    if (id !== undefined) ids.add(id)
  }
  const at = (path: string) => files.get(`${homePath}/queue/${path}`)
  return [...ids].sort().map((id) => {
    const content = {
      mess: at(MessageNumber.mess(id, split)),
      intd: at(MessageNumber.intd(id)),
      todo: at(`todo/${id}`),
      info: at(MessageNumber.info(id, split)),
      local: at(MessageNumber.channelFile("local", id, split)),
      remote: at(MessageNumber.channelFile("remote", id, split)),
      bounce: at(MessageNumber.bounce(id))
    }
    const is = (name: keyof typeof content) => content[name] !== undefined
    const presence: Presence = {
      mess: is("mess"),
      intd: is("intd"),
      todo: is("todo"),
      info: is("info"),
      local: is("local"),
      remote: is("remote"),
      bounce: is("bounce")
    }
    return { id, files: presence, ...content }
  })
}

export const stateIn = (view: QueueView) => stateOf(view.files)

// Invariants of queue.md 16: each answers with what is wrong, one sentence a breach

/** 1: a text's name is its inode number, in the subdirectory of that number. */
export const namedByInode = (disk: MemoryDisk, split: number): ReadonlyArray<string> =>
  [...disk.snapshot(`${homePath}/queue/mess`).keys()]
    .filter((path) => !path.endsWith("/"))
    .filter((path) => {
      const id = path.slice(path.lastIndexOf("/") + 1)
      return disk.inodeOf(path) !== id || !path.endsWith(`/${MessageNumber.mess(id, split)}`)
    })
    .map((path) => `${path} is inode ${disk.inodeOf(path)}`)

/** 2: what is in todo/ has its whole text and its whole envelope. `texts` are those that were ever sent. */
export const queuedWhole = (disk: MemoryDisk, split: number, texts: ReadonlySet<ByteString>): ReadonlyArray<string> =>
  queueViews(disk, split)
    .filter((view) => view.todo !== undefined)
    .flatMap((view) => [
      ...(view.mess !== undefined && texts.has(textOf(view.mess)) ? [] : [`todo/${view.id} without its whole text`]),
      ...(isWholeEnvelope(view.todo!) ? [] : [`todo/${view.id} holds ${JSON.stringify(view.todo)}`])
    ])

/** 3: what is preprocessed has its whole text, a sender, and whole recipients. */
export const preprocessedWhole = (
  disk: MemoryDisk,
  split: number,
  texts: ReadonlySet<ByteString>
): ReadonlyArray<string> =>
  queueViews(disk, split)
    .filter((view) => view.info !== undefined && view.todo === undefined)
    .flatMap((view) => [
      ...(view.mess !== undefined && texts.has(textOf(view.mess)) ? [] : [`info/${view.id} without its whole text`]),
      ...(/^F[^\0]*\0$/.test(view.info!) ? [] : [`info/${view.id} holds ${JSON.stringify(view.info)}`]),
      ...[view.local, view.remote]
        .filter((content) => content !== undefined && !/^([TD][^\0]*\0)*$/.test(content))
        .map((content) => `a channel file of ${view.id} holds ${JSON.stringify(content)}`)
    ])

/** 1 to 3 together. */
export const breaches = (disk: MemoryDisk, split: number, texts: ReadonlySet<ByteString>): ReadonlyArray<string> => [
  ...namedByInode(disk, split),
  ...queuedWhole(disk, split, texts),
  ...preprocessedWhole(disk, split, texts)
]

/** 5: nothing in a channel file changes but T to D. */
export const onlyMarked = (before: ByteString, after: ByteString): boolean => {
  const old = EnvelopeRecords.records(before)
  const now = EnvelopeRecords.records(after)
  return (
    before.length === after.length &&
    old.every(({ letter, value }, i) => {
      const later = now[i]
      return later?.value === value && (later.letter === letter || (letter === "T" && later.letter === "D"))
    })
  )
}

/** Without the field that qmail-queue put before it. */
export const textOf = (mess: ByteString): ByteString => mess.replace(/^Received: \(qmail [^\n]*\n/, "")

const isWholeEnvelope = (todo: ByteString): boolean =>
  todo.endsWith("\0") && Result.isSuccess(EnvelopeRecords.parse(todo)) && /^u[0-9]+\0p[0-9]+\0F/.test(todo)

// The walks

export interface Walk<W extends { readonly disk: MemoryDisk }, A> {
  /** A fresh world; called once for every stop. */
  readonly make: () => W
  /** What is simulated. Whatever it promises to anybody it must write into the world as it promises it. */
  readonly act: (world: W) => Effect.Effect<A>
  /** After the restart (or the failure); `told` is what the act answered, undefined if it never came to it. */
  readonly check: (world: W, told: A | undefined, at: string) => void | Promise<void>
}

/** What the disk made of everything that was not synced: nothing, all, and some by chance. */
export const restarts: ReadonlyArray<readonly [string, (stop: number) => () => boolean]> = [
  ["nothing unsynced kept", () => () => false],
  ["everything kept", () => () => true],
  ...[1, 2, 3, 4, 5].map((seed) => [`coin ${seed}`, (stop: number) => coin(seed * 1000 + stop)] as const),
  ...[6, 7].map((seed) => [`mostly kept ${seed}`, (stop: number) => coin(seed * 1000 + stop, 0.85)] as const)
]

/** Cuts the power instead of effect 0, 1, 2, ... of the act, and once after it. Answers with the number of crashes. */
export const crashWalk = async <W extends { readonly disk: MemoryDisk }, A>(walk: Walk<W, A>): Promise<number> => {
  let crashes = 0
  for (let stop = 0, isLast = false; !isLast; stop++)
    for (const [name, keep] of restarts) {
      const world = walk.make()
      const trace: Array<string> = (world.disk.trace = [])
      world.disk.cutAt = world.disk.effects + stop
      const told = await runUntilCut(walk.act(world))
      isLast = told !== undefined
      world.disk.restart(keep(stop))
      world.disk.trace = undefined
      await walk.check(world, told, `after ${trace.at(-1) ?? "nothing"} (${name})`)
      crashes++
    }
  return crashes
}

/** Lets one call after the other fail, once and from then on; looking may fail too. Answers with the number of runs. */
export const faultWalk = async <W extends { readonly disk: MemoryDisk }, A>(
  walk: Walk<W, A>,
  errnos: ReadonlyArray<Errno> = ["ENOSPC", "EIO"]
): Promise<number> => {
  let runs = 0
  for (const errno of errnos)
    for (const lasting of [false, true])
      for (let stop = 0, isLast = false; !isLast; stop++) {
        const world = walk.make()
        let calls = 0
        let struck = ""
        world.disk.fault = (operation, path) => {
          const fails = lasting ? calls >= stop : calls === stop
          calls++
          if (fails) struck ||= `${operation} ${path}`
          return fails ? errno : undefined
        }
        const told = await runUntilCut(walk.act(world))
        isLast = struck === ""
        world.disk.fault = () => undefined
        await walk.check(world, told, `${errno} ${lasting ? "from" : "at"} ${struck || "no call"}`)
        runs++
      }
  return runs
}
