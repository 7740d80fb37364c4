import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import { type ByteString, toChunk } from "../../src/core/Bytes.ts"
import * as InstallRecord from "../../src/core/control/InstallRecord.ts"
import type { Envelope } from "../../src/core/envelope/Envelope.ts"
import * as MessageNumber from "../../src/core/queue/MessageNumber.ts"
import { isAccepted } from "../../src/core/queue/QueueState.ts"
import { DiskThread } from "../../src/shell/server/DiskThread.ts"
import { AdminSocket } from "../../src/shell/admin/AdminSocket.ts"
import { Controls } from "../../src/shell/home/Controls.ts"
import * as OnDiskThread from "../../src/shell/server/OnDiskThread.ts"
import { Locks } from "../../src/shell/platform/Locks.ts"
import { LogSink } from "../../src/shell/platform/LogSink.ts"
import { MessageHints } from "../../src/shell/queue/MessageHints.ts"
import { QueueClient } from "../../src/shell/queue/QueueClient.ts"
import { QueueStore } from "../../src/shell/queue/QueueStore.ts"
import { QueueTrigger } from "../../src/shell/queue/QueueTrigger.ts"
import * as SendDaemon from "../../src/shell/send/SendDaemon.ts"
import { type DeliveryOrder, Spawner } from "../../src/shell/send/Spawner.ts"
import * as Harness from "./harness.ts"

interface Mail extends Envelope {
  readonly text: ByteString
}

const list: Mail = {
  sender: "author@here",
  recipients: ["ok@here", "ok@there", "no@here", "slow@there"],
  text: "Subject: list\n\nto many\n"
}
const single: Mail = { sender: "", recipients: ["ok@here"], text: "Subject: single\n\nto one\n" }
const lost: Mail = { sender: "", recipients: ["no@there"], text: "Subject: lost\n\nfrom nobody\n" }
const texts = new Set([list, single, lost].map(({ text }) => text))

/** What was delivered to whom, for good. */
interface Delivered {
  readonly recipient: ByteString
  readonly sender: ByteString
  readonly text: ByteString
}

const makeWorld = (record: InstallRecord.InstallRecord, hints: typeof MessageHints.layer) => {
  const home = Harness.makeHome(record)
  home.disk.makeFile(`${Harness.homePath}/control/me`, "here\n")
  const delivered: Array<Delivered> = []
  const accepted: Array<Mail> = []
  const log: Array<ByteString> = []
  const tries = new Map<ByteString, number>()

  /** no@ fails for good, slow@ takes a message at the third attempt, everybody else at once. */
  const deliver = ({ id, recipient, sender }: DeliveryOrder): ByteString => {
    const text = home.disk
      .snapshot(`${Harness.homePath}/queue/mess`)
      .get(`${Harness.homePath}/queue/${MessageNumber.mess(id, record.split)}`)
    if (text === undefined) return "Zno such message\n"
    if (recipient.startsWith("no@")) return "Dno such box\n"
    const attempt = (tries.get(text + recipient) ?? 0) + 1
    tries.set(text + recipient, attempt)
    if (recipient.startsWith("slow@") && attempt < 3) return "Zcome back\n"
    delivered.push({ recipient, sender, text: Harness.textOf(text) })
    return "Kdone\n"
  }
  const spawner = Layer.effect(
    Spawner,
    Effect.map(Queue.unbounded<never>(), (news) => ({
      limits: Effect.succeed({ local: 10, remote: 10 }),
      start: (order: DeliveryOrder) =>
        Effect.sync(() => {
          const { channel, slot } = order
          Queue.offerUnsafe(news, { _tag: "Reported", channel, slot, report: deliver(order) } as never)
        }),
      news: Queue.takeAll(news)
    }))
  )
  const queue = Layer.mergeAll(
    QueueStore.layer,
    QueueTrigger.layerMemory,
    AdminSocket.layerMemory,
    Controls.layer,
    Locks.layerMemory(),
    hints
  ).pipe(Layer.provideMerge(home.layer))
  const hands = Layer.mergeAll(OnDiskThread.injector, OnDiskThread.cleaner, spawner, LogSink.layerMemory(log))
  const services = hands.pipe(
    Layer.provideMerge(DiskThread.layerFrom(Harness.threadIn(home.layer))),
    Layer.provideMerge(queue)
  )
  const inject = Effect.fnUntraced(function* (mail: Mail) {
    const entry = yield* (yield* QueueClient).open("user")
    yield* entry.put(toChunk(mail.text))
    const status = yield* entry.finish(mail)
    if (status._tag === "Queued") accepted.push(mail)
  })
  const queued = () => Harness.queueViews(home.disk, record.split).filter((view) => isAccepted(Harness.stateIn(view)))

  /** One life of the server: until nothing is queued any more, or for a week. */
  const life = (mails: ReadonlyArray<Mail>) =>
    Effect.gen(function* () {
      const sender = yield* SendDaemon.start({ patience: 10 })
      const busy = Effect.gen(function* () {
        // One after the other: the next one meets what the last one left behind.
        for (const mail of mails) {
          yield* inject(mail)
          yield* settle
        }
        yield* settle
        for (let hours = 0; hours < 168 && queued().length > 0; hours++) {
          yield* TestClock.adjust("1 hour")
          yield* settle
        }
      })
      // When the power is cut, the server ends before there is nothing left to do.
      yield* Effect.raceFirst(busy, sender.ended)
      yield* sender.stop
      yield* Effect.forkChild(Effect.andThen(settle, TestClock.adjust("1 minute")))
      yield* sender.ended
      return "ended" as const
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(services)), Effect.orDie)

  return { ...home, accepted, delivered, log, life, queued, split: record.split }
}
type World = ReturnType<typeof makeWorld>

/** Lets all fibers come to rest. */
const settle = Effect.gen(function* () {
  for (let i = 0; i < 100; i++) yield* Effect.yieldNow
})

/** Every accepted recipient got the mail, or its sender a bounce, once and for each crash once more at most. */
const assertKept = (world: World, crashes: number, at: string): void => {
  assert.strictEqual(Harness.breaches(world.disk, world.split, texts).join("; "), "", at)
  assert.deepStrictEqual(
    world.queued().map(({ id }) => id),
    [],
    `${at}: still queued`
  )
  for (const mail of world.accepted)
    for (const recipient of mail.recipients) {
      const copies = recipient.startsWith("no@")
        ? world.delivered.filter(({ text }) => isNotice(text, mail, recipient))
        : world.delivered.filter((one) => one.recipient === recipient && one.text === mail.text)
      const what = `${at}: ${mail.text.slice(9, 15).trim()} to ${recipient}: ${copies.length} times`
      assert.isAtLeast(copies.length, 1, what)
      assert.isAtMost(copies.length, 1 + crashes, what)
    }
  for (const { recipient, text } of world.delivered) {
    const mail = [list, single, lost].find((mail) => mail.text === text)
    if (mail !== undefined) assert.include(mail.recipients, recipient, `${at}: delivered to a stranger`)
    else assert.include(["author@here", "postmaster@here"], recipient, `${at}: a notice to a stranger`)
  }
}

const isNotice = (text: ByteString, mail: Mail, recipient: ByteString): boolean =>
  text.includes("\nSubject: failure notice\n") &&
  text.includes(`<${recipient}>:\nno such box\n`) &&
  text.endsWith(mail.text)

const subject = ({ text }: Mail): string => text.slice(9, 15).trim()

/** Few subdirectories make short walks. */
const homes = [
  ["our own home", { ...InstallRecord.ownHome, split: 2 }, MessageHints.layer],
  ["a qmail home", { ...InstallRecord.qmailHome, split: 2 }, MessageHints.layerNone]
] as const

for (const [name, record, hints] of homes)
  describe(`Sending in ${name}`, () => {
    it("delivers, tries again, bounces, and leaves nothing behind", async () => {
      const world = makeWorld(record, hints)
      await Harness.runExit(world.life([list, single, lost]))
      assertKept(world, 0, "without a crash")
      assert.deepStrictEqual(
        Harness.queueViews(world.disk, world.split).map(({ id }) => id),
        []
      )
    })
    for (const mails of [[single], [lost], [list], [single, lost]])
      it(`keeps its promises whenever the power is cut: ${mails.map(subject).join(", ")}`, async () => {
        const crashes = await Harness.crashWalk({
          make: () => makeWorld(record, hints),
          act: (world) => world.life(mails),
          check: async (world, _told, at) => {
            await Harness.runUntilCut(world.life([]))
            assertKept(world, 1, at)
          }
        })
        assert.isAbove(crashes, 100)
      })
  })
