import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import * as Finding from "../../../src/core/control/Finding.ts"
import { Accounts } from "../../../src/shell/home/Accounts.ts"
import { Files, FilesError } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import * as HomeCheck from "../../../src/shell/home/HomeCheck.ts"
import * as HomeSetup from "../../../src/shell/home/HomeSetup.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { Processes } from "../../../src/shell/platform/Processes.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-check-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const world = Layer.mergeAll(Files.layer, Identity.layer, Processes.layer)
let homes = 0
const freshHome = Effect.gen(function* () {
  const home = join(scratch, `${homes++}`)
  yield* Effect.provide(HomeSetup.init({ home, domain: "shark.example" }), world)
  return home
})
const check = (home: string, files: Layer.Layer<Files> = Files.layer) =>
  HomeCheck.run.pipe(
    Effect.map((findings) => findings.map(Finding.format)),
    Effect.provide(
      Home.layerAt(home).pipe(
        Layer.provideMerge(files),
        Layer.provideMerge(Layer.mergeAll(Identity.layer, Accounts.layerMemory({})))
      )
    )
  )

describe("HomeCheck.run", () => {
  it.live("finds nothing in a fresh home, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const home = yield* freshHome
      assert.deepStrictEqual(yield* check(home), [])
      assert.deepStrictEqual(readdirSync(join(home, "queue/pid")), [])
      assert.deepStrictEqual(readdirSync(join(home, "queue/mess/0")), [])
    })
  )

  it.live("names file, line and reason, errors first", () =>
    Effect.gen(function* () {
      const home = yield* freshHome
      writeFileSync(join(home, "control/smtproutes"), "# routes\na.example:b.example:smtp\n")
      writeFileSync(join(home, "control/relayclients"), "127.\nlocalnet\n")
      writeFileSync(join(home, "control/spelling"), "")
      writeFileSync(join(home, "users/assign"), "=joe\n.\n")
      chmodSync(join(home, "control"), 0o777)
      rmSync(join(home, "queue/info/3"), { recursive: true })
      rmSync(join(home, "queue/lock/trigger"))
      writeFileSync(join(home, "queue/lock/trigger"), "")
      rmSync(join(home, "alias/.qmail-default"))
      writeFileSync(join(home, "alias/.qmail-root"), "")
      assert.deepStrictEqual(yield* check(home), [
        "error: control: is writable to others: mode 0777, not 0755",
        "error: queue/info/3: does not exist",
        "error: queue/lock/trigger: is no fifo",
        "error: control/relayclients: line 2: localnet is no address and no network",
        "error: control/smtproutes: line 2: port smtp is not a number from 1 to 65535",
        "warning: control/spelling: no program reads this file",
        "warning: users/assign: line 1: fewer than seven colons",
        "warning: alias/.qmail-postmaster: does not exist: mail to postmaster is returned",
        "warning: alias/.qmail-mailer-daemon: does not exist: mail to mailer-daemon is returned"
      ])
    })
  )

  it.live("reads every .qmail file of its users and of the alias account", () =>
    Effect.gen(function* () {
      const home = yield* freshHome
      const uid = process.geteuid!()
      mkdirSync(join(home, "mail/joe"), { recursive: true })
      const outside = mkdtempSync(join(scratch, "outside-"))
      const lineOf = (name: string, place: string) => `=${name}:${name}:${uid}:${uid}:${place}:::\n`
      writeFileSync(join(home, "users/assign"), `${lineOf("joe", `${home}/mail/joe`)}${lineOf("ann", outside)}.\n`)
      rmSync(join(home, "users/cdb"))
      writeFileSync(join(home, "alias/.qmail-list"), "&a@b\r\n")
      writeFileSync(join(home, "mail/joe/.qmail"), "# mine\n./Maildir/\r\n")
      writeFileSync(join(home, "mail/joe/.qmail-x"), "./Maildir/\n")
      writeFileSync(join(outside, ".qmail"), "\ufeff./Maildir/\n")
      const waits = "all mail to it waits until it is corrected"
      assert.deepStrictEqual(yield* check(home), [
        "warning: users/assign: has no effect until qmail-newu has run",
        `warning: alias/.qmail-list: line 1: ends with a carriage return: ${waits}`,
        `warning: mail/joe/.qmail: line 2: ends with a carriage return: ${waits}`,
        `warning: ${outside}/.qmail: line 1: begins with a byte order mark: ${waits}`
      ])
    })
  )

  it.live("says what it cannot read", () =>
    Effect.gen(function* () {
      const home = yield* freshHome
      mkdirSync(join(home, "control/locals.d"))
      rmSync(join(home, "control/locals"))
      mkdirSync(join(home, "control/locals"))
      assert.deepStrictEqual(
        (yield* check(home)).filter((line) => line.startsWith("error")),
        [
          "error: control/locals: unable to read: is a directory",
          "error: control/locals.d: unable to read: is a directory"
        ]
      )
    })
  )

  it.live("refuses a file system that gives links other inode numbers, or has no room", () =>
    Effect.gen(function* () {
      const home = yield* freshHome
      const changed = (change: (files: Files["Service"]) => Partial<Files["Service"]>) =>
        Layer.effect(
          Files,
          Effect.map(Files, (files) => ({ ...files, ...change(files) }))
        ).pipe(Layer.provide(Files.layer))
      const copying = changed((files) => ({
        link: (from, to) =>
          Effect.flatMap(files.open(to, "create"), files.close).pipe(Effect.andThen(Effect.asVoid(files.stat(from))))
      }))
      assert.deepStrictEqual(yield* check(home, copying), [
        "error: queue: its file system does not keep inode numbers across links: no queue can live there"
      ])
      const full = changed((files) => ({
        open: (path, how, mode) =>
          how === "create"
            ? Effect.fail(new FilesError({ operation: "open", path, errno: "ENOSPC" }))
            : files.open(path, how, mode)
      }))
      assert.deepStrictEqual(yield* check(home, full), ["error: queue: unable to open a file in it: out of disk space"])
      assert.deepStrictEqual(readdirSync(join(home, "queue/mess/0")), [])
    })
  )
})
