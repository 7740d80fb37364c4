/** Mailboxes across power cuts and failing disks: what was reported is there, whole; a Maildir never shows half a mail. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ByteString } from "../../src/core/Bytes.ts"
import * as InstallRecord from "../../src/core/control/InstallRecord.ts"
import { Home } from "../../src/shell/home/Home.ts"
import { Identity } from "../../src/shell/platform/Identity.ts"
import * as LocalAgent from "../../src/shell/local/LocalAgent.ts"
import { Locks } from "../../src/shell/platform/Locks.ts"
import { MemoryDisk } from "../../src/shell/memory/MemoryDisk.ts"
import { Processes, ProcessesError } from "../../src/shell/platform/Processes.ts"
import { QueueClient } from "../../src/shell/queue/QueueClient.ts"
import * as Harness from "./harness.ts"

const small = "Subject: small\n\nbody\nFrom here\n"
const large = `Subject: large\n\n${"0123456789abcde\n".repeat(9000)}`
const older = "From old@x Thu Jan 01 00:00:00 1970\n\nan older mail\n\n"

const makeWorld = (text: ByteString, instructions: ByteString, files: Readonly<Record<string, ByteString>> = {}) => {
  const disk = new MemoryDisk()
  for (const directory of ["tmp", "new", "cur"]) disk.makeDirectories(`/u/joe/Maildir/${directory}`)
  disk.makeFile("/u/joe/.qmail", instructions)
  disk.makeFile("/queue/mess/1", text)
  for (const [path, content] of Object.entries(files)) disk.makeFile(path, content)
  const layer = Layer.mergeAll(
    Locks.layerMemory().pipe(Layer.provideMerge(disk.layer)),
    Home.layerMemory("/home", InstallRecord.ownHome),
    Identity.layerMemory({}),
    Layer.succeed(Processes, { spawn: ({ program }) => Effect.fail(new ProcessesError({ program, errno: "ENOENT" })) }),
    Layer.succeed(QueueClient, { open: () => Effect.die("nothing is forwarded here") })
  )
  return { disk, layer }
}
type World = ReturnType<typeof makeWorld>

const deliver = ({ layer }: World) =>
  LocalAgent.deliver({
    user: "joe",
    homedir: "/u/joe",
    local: "joe",
    dash: "",
    ext: "",
    domain: "x",
    sender: "a@y",
    defaultDelivery: "./Maildir/",
    message: "/queue/mess/1"
  }).pipe(Effect.provide(layer))

const deliverBoth = (world: World) =>
  Effect.all([deliver(world), deliver(world)], { concurrency: 2 }).pipe(
    Effect.map(([first, second]) => ({ exitCode: Math.max(first.exitCode, second.exitCode), output: "" }))
  )

const filesIn = ({ disk }: World, directory: string): ReadonlyArray<ByteString> =>
  [...disk.snapshot(directory)].filter(([path]) => !path.endsWith("/")).map(([, content]) => content)

const stored = (text: ByteString): ByteString => `Return-Path: <a@y>\nDelivered-To: joe@x\n${text}`
const entry = (text: ByteString): ByteString =>
  `From a@y Thu Jan 01 00:00:00 1970\n${stored(text).replaceAll(/^From /gm, ">From ")}\n`

/** `mails`: how many a success promises. */
const maildirHolds =
  (text: ByteString, mails: number) =>
  (world: World, told: LocalAgent.LocalReport | undefined, at: string): void => {
    const seen = filesIn(world, "/u/joe/Maildir/new")
    assert.isTrue(
      seen.every((content) => content === stored(text)),
      `a torn mail in new/ ${at}`
    )
    if (told?.exitCode === 0) assert.isAtLeast(seen.length, mails, `reported, and gone ${at}`)
  }

describe("A Maildir delivery", () => {
  for (const [name, text] of [
    ["a small message", small],
    ["a large message", large],
    ["an empty message", ""]
  ] as const) {
    it(`of ${name} survives a power cut at every effect`, async () => {
      const crashes = await Harness.crashWalk({
        make: () => makeWorld(text, "./Maildir/\n"),
        act: deliver,
        check: maildirHolds(text, 1)
      })
      // create, write, fsync, link, unlink, syncDirectory: at least so many stops
      assert.isAtLeast(crashes, 6 * Harness.restarts.length)
    })
    it(`of ${name} survives every failing call`, async () => {
      await Harness.faultWalk({
        make: () => makeWorld(text, "./Maildir/\n"),
        act: deliver,
        check: (world, told, at) => {
          maildirHolds(text, 1)(world, told, at)
          assert.isTrue(told!.exitCode === 0 || told!.exitCode === 111, `${told!.exitCode} ${at}`)
        }
      })
    })
  }

  it("leaves nothing in tmp when the disk is full", async () => {
    const world = makeWorld(large, "./Maildir/\n")
    let written = 0
    world.disk.fault = (operation) => (operation === "write" && written++ > 0 ? "ENOSPC" : undefined)
    const told = await Harness.runUntilCut(deliver(world))
    assert.deepStrictEqual(told, { exitCode: 111, output: "Temporary error on maildir delivery. (#4.3.0)\n" })
    assert.deepStrictEqual(filesIn(world, "/u/joe/Maildir/tmp"), [])
  })

  it("keeps two deliveries of one moment, and two lines for one Maildir, apart", async () => {
    await Harness.crashWalk({
      make: () => makeWorld(small, "./Maildir/\n./Maildir/\n"),
      act: deliverBoth,
      check: maildirHolds(small, 4)
    })
  })
})

describe("An mbox delivery", () => {
  for (const [name, before] of [
    ["to a new file", undefined],
    ["after older mail", older]
  ] as const) {
    const make = () => makeWorld(small, "./Mailbox\n", before === undefined ? {} : { "/u/joe/Mailbox": before })
    it(`${name} is there whole once reported, whatever the power does`, async () => {
      await Harness.crashWalk({
        make,
        act: deliver,
        check: (world, told, at) => {
          const content = world.disk.snapshot("/u/joe").get("/u/joe/Mailbox") ?? ""
          assert.isTrue(content.startsWith(before ?? ""), `older mail is gone ${at}`)
          if (told?.exitCode === 0) assert.strictEqual(content, (before ?? "") + entry(small), at)
        }
      })
    })
    it(`${name} is cut off again when a call fails`, async () => {
      await Harness.faultWalk({
        make,
        act: deliver,
        check: (world, told, at) => {
          const content = world.disk.snapshot("/u/joe").get("/u/joe/Mailbox") ?? ""
          if (told!.exitCode === 0) assert.strictEqual(content, (before ?? "") + entry(small), at)
          else if (!at.includes(" from ")) assert.strictEqual(content, before ?? "", at)
        }
      })
    })
  }

  it("takes turns: two at once give two whole entries", async () => {
    const world = makeWorld(large, "./Mailbox\n")
    await Harness.runUntilCut(deliverBoth(world))
    assert.strictEqual(world.disk.snapshot("/u/joe").get("/u/joe/Mailbox"), entry(large) + entry(large))
  })
})
