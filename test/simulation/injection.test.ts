import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, toChunk } from "../../src/core/Bytes.ts"
import * as InstallRecord from "../../src/core/control/InstallRecord.ts"
import type { Envelope } from "../../src/core/envelope/Envelope.ts"
import * as EnvelopeRecords from "../../src/core/envelope/EnvelopeRecords.ts"
import { isAccepted } from "../../src/core/queue/QueueState.ts"
import type { QueueStatus } from "../../src/core/queue/QueueStatus.ts"
import { type FileCalls, Files } from "../../src/shell/platform/Files.ts"
import * as Injector from "../../src/shell/queue/Injector.ts"
import { QueueClient } from "../../src/shell/queue/QueueClient.ts"
import { QueueStore } from "../../src/shell/queue/QueueStore.ts"
import { sweepAtStart } from "../../src/shell/queue/QueueSweeper.ts"
import { QueueTrigger } from "../../src/shell/queue/QueueTrigger.ts"
import * as Harness from "./harness.ts"

interface Mail extends Envelope {
  readonly text: ByteString
}

const small: Mail = { sender: "a@x", recipients: ["b@y", "c@z"], text: "Subject: small\n\nbody\n" }
const large: Mail = { sender: "", recipients: ["d@y"], text: `Subject: large\n\n${"0123456789abcde\n".repeat(9000)}` }
const other: Mail = { sender: "o@x", recipients: ["p@y"], text: "Subject: other\n\nlater\n" }
const texts = new Set([small, large, other].map(({ text }) => text))

const makeWorld = (record = InstallRecord.ownHome, change: (calls: FileCalls) => Partial<FileCalls> = () => ({})) => {
  const home = Harness.makeHome(record)
  const files = Layer.succeed(Files, { ...home.disk.calls, ...change(home.disk.calls) })
  const layer = Layer.mergeAll(QueueStore.layer, QueueTrigger.layerMemory).pipe(
    Layer.provideMerge(Layer.merge(home.layer, files))
  )
  const accepted: Array<Mail> = []
  const inject = (mail: Mail) =>
    Effect.gen(function* () {
      const entry = yield* (yield* QueueClient).open("user")
      for (let at = 0; at < mail.text.length; at += 40_000) yield* entry.put(toChunk(mail.text.slice(at, at + 40_000)))
      const status = yield* entry.finish(mail)
      if (status._tag === "Queued") accepted.push(mail)
      return status
    })
  const client = Layer.provide(Injector.layer, layer)
  return {
    ...home,
    accepted,
    inject: (mail: Mail) => Effect.provide(inject(mail), client),
    injectBoth: (mail: Mail) => Effect.provide(Effect.all([inject(mail), inject(mail)]), client),
    sweep: Effect.provide(sweepAtStart, layer),
    split: record.split
  }
}
type World = ReturnType<typeof makeWorld>

/** Everything that was accepted is in todo/, once for each time; whatever else is there was never promised. */
const assertSound = (world: World, at: string): void => {
  assert.strictEqual(Harness.breaches(world.disk, world.split, texts).join("; "), "", at)
  const queued = Harness.queueViews(world.disk, world.split).filter((view) => view.todo !== undefined)
  for (const mail of world.accepted) {
    const envelope = `F${mail.sender}\0${mail.recipients.map((recipient) => `T${recipient}\0`).join("")}`
    const found = queued.some(
      ({ mess, todo }) => Harness.textOf(mess!) === mail.text && todo!.replace(/^u\d+\0p\d+\0/, "") === envelope
    )
    assert.isTrue(found, `${at}: ${mail.text.slice(9, 15)} was accepted and is not queued`)
  }
}

const leftovers = (world: World) =>
  Harness.queueViews(world.disk, world.split).filter((view) => !isAccepted(Harness.stateIn(view)))

for (const [name, record] of [
  ["our own home", InstallRecord.ownHome],
  ["a qmail home", InstallRecord.qmailHome]
] as const)
  describe(`Injection in ${name}`, () => {
    for (const mail of [small, large])
      it(`keeps its promise whenever the power is cut: ${mail.text.slice(9, 14)}`, async () => {
        const crashes = await Harness.crashWalk({
          make: () => makeWorld(record),
          act: (world) => world.inject(mail),
          check: async (world, told, at) => {
            assertSound(world, at)
            if (told !== undefined)
              assert.deepStrictEqual(
                leftovers(world)
                  .map(Harness.stateIn)
                  .filter((s) => s !== "Damaged"),
                [],
                at
              )
            // The machine is up again: the queue takes mail, under numbers that leftovers may have had.
            await Harness.runUntilCut(world.sweep)
            assertSound(world, at)
            const again = await Harness.runUntilCut(world.inject(other))
            assert.strictEqual(again?._tag, "Queued", at)
            assertSound(world, at)
          }
        })
        assert.isAbove(crashes, 100)
      })

    it("tells the caller of every failing call, and half accepts nothing", async () => {
      const runs = await Harness.faultWalk<World, QueueStatus>({
        make: () => makeWorld(record),
        act: (world) => world.inject(large),
        check: async (world, told, at) => {
          assertSound(world, at)
          if (told?._tag === "Refused") {
            assert.strictEqual(told.outcome, "temporary", at)
            if (!record.classic && at.startsWith("ENOSPC")) assert.strictEqual(told.text, "qq disk full (#4.3.1)", at)
          }
          // There is space again.
          const again = await Harness.runUntilCut(world.inject(other))
          assert.strictEqual(again?._tag, "Queued", at)
          assertSound(world, at)
        }
      })
      assert.isAbove(runs, 40)
    })
  })

describe("Injection in our own home", () => {
  it("leaves nothing behind when a call fails once before the message is queued [W51]", async () => {
    await Harness.faultWalk<World, QueueStatus>({
      make: () => makeWorld(),
      act: (world) => world.inject(small),
      check: (world, told, at) => {
        // An input/output error of the last link or of what follows it leaves both possible: nothing is touched.
        const isCertain =
          !/^EIO at (link .*todo|syncDirectory .*todo|unlink|open .*pid)/.test(at) && at.includes(" at ")
        if (told?._tag === "Refused" && isCertain && !/syncDirectory .*todo/.test(at))
          assert.deepStrictEqual(leftovers(world), [], at)
      }
    })
  })

  it("costs one write for a message of ordinary size", async () => {
    const world = makeWorld()
    const trace: Array<string> = (world.disk.trace = [])
    await Harness.runUntilCut(world.inject(small))
    const operations = trace.map((line) => line.split(" ")[1])
    assert.strictEqual(operations.filter((operation) => operation === "write").length, 2)
    assert.deepStrictEqual(operations, expectedEffects)
  })

  it("queues nothing for nobody, and says it is done [W50]", async () => {
    const world = makeWorld()
    const status = await Harness.runUntilCut(world.inject({ ...small, recipients: [] }))
    assert.strictEqual(status?._tag, "Queued")
    assert.deepStrictEqual(Harness.queueViews(world.disk, world.split), [])
  })

  it("refuses an address that is too long, and one that would end its record early", async () => {
    for (const [recipient, outcome] of [
      ["x".repeat(EnvelopeRecords.addressBytesMax), "permanent"],
      ["a\0Tb@c", "temporary"]
    ] as const) {
      const world = makeWorld()
      const status = await Harness.runUntilCut(world.inject({ ...small, recipients: [recipient] }))
      assert.strictEqual(status?._tag === "Refused" && status.outcome, outcome)
      assert.deepStrictEqual(Harness.queueViews(world.disk, world.split), [])
    }
  })

  it("numbers its messages, so that no two share a qp", async () => {
    const world = makeWorld()
    const told = await Harness.runUntilCut(world.injectBoth(small))
    const qps = told!.map((status) => (status._tag === "Queued" ? status.qp : 0))
    const written = Harness.queueViews(world.disk, world.split).map(({ todo }) => /p([0-9]+)/.exec(todo!)![1])
    assert.strictEqual(new Set(qps).size, 2)
    assert.deepStrictEqual(written.toSorted(), qps.map(String))
  })
})

describe("The crash walk itself", () => {
  for (const [title, change, complaint] of [
    ["a todo/ that is not synced", (): Partial<FileCalls> => ({ syncDirectory: () => Effect.void }), /not queued/],
    [
      "a text that is not synced",
      (): Partial<FileCalls> => ({ fsync: () => Effect.void }),
      /without its whole text|holds/
    ]
  ] as const)
    it(`finds ${title}`, async () => {
      const found = await Harness.crashWalk({
        make: () => makeWorld(InstallRecord.ownHome, change),
        act: (world) => world.inject(small),
        check: (world, _, at) => assertSound(world, at)
      }).then(
        () => "nothing",
        (error: Error) => error.message
      )
      assert.match(found, complaint)
    })
})

/** Create the name, link, unlink; write; create, write; three syncs; link; sync. */
const expectedEffects = [
  "open",
  "link",
  "unlink",
  "write",
  "open",
  "write",
  "fsync",
  "fsync",
  "syncDirectory",
  "link",
  "syncDirectory"
]
