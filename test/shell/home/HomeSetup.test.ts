import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import * as HomeSetup from "../../../src/shell/home/HomeSetup.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { Locks } from "../../../src/shell/platform/Locks.ts"
import type { Fatal } from "../../../src/shell/platform/Main.ts"
import { Processes } from "../../../src/shell/platform/Processes.ts"
import { UserDatabase } from "../../../src/shell/home/UserDatabase.ts"
import { Accounts } from "../../../src/shell/home/Accounts.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-setup-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const world = Locks.layer.pipe(Layer.provideMerge(Layer.mergeAll(Files.layer, Identity.layer, Processes.layer)))

/** The exit code and the text of a refusal, or what came of it. */
const outcome = <A>(effect: Effect.Effect<A, Fatal>) =>
  Effect.match(effect, { onFailure: ({ exitCode, text }) => `${exitCode} ${text}`, onSuccess: (value) => value })

const init = (home: string, domain = "mail.shark.example") =>
  outcome(HomeSetup.init({ home, domain }).pipe(Effect.provide(world)))

const addUser = (home: string, user: string) =>
  outcome(
    HomeSetup.addUser({ user }).pipe(
      Effect.provide(Home.layerAt(home).pipe(Layer.provideMerge(world), Layer.orDie)),
      Effect.scoped
    )
  )

const whoReceives = (home: string, local: string) =>
  Effect.flatMap(UserDatabase, ({ lookup }) => lookup(local)).pipe(
    Effect.map((answer) =>
      answer._tag === "Found"
        ? `${answer.account.homedir.replace(home, "~")}/.qmail${answer.account.dash}${answer.account.ext}`
        : answer.exitCode
    ),
    Effect.provide(
      UserDatabase.layer.pipe(
        Layer.provide(Accounts.layerMemory({})),
        Layer.provide(Home.layerAt(home)),
        Layer.provide(world),
        Layer.orDie
      )
    )
  )

const text = (home: string, path: string) => readFileSync(join(home, path), "utf8")
const mode = (home: string, path: string) => (lstatSync(join(home, path)).mode & 0o7777).toString(8)

describe("HomeSetup.init", () => {
  it.live("makes a home in which every address goes to the alias account", () =>
    Effect.gen(function* () {
      const home = join(scratch, "deep/down/home")
      assert.strictEqual(yield* init(home, "Mail.Shark.Example"), "made")
      assert.strictEqual(text(home, "control/me"), "mail.shark.example\n")
      assert.strictEqual(text(home, "control/defaultdomain"), "shark.example\n")
      assert.strictEqual(text(home, "control/plusdomain"), "shark.example\n")
      assert.strictEqual(text(home, "control/locals"), "mail.shark.example\n")
      assert.strictEqual(text(home, "control/rcpthosts"), "mail.shark.example\n")
      assert.strictEqual(text(home, "control/concurrencylocal"), "100\n")
      assert.strictEqual(text(home, "control/concurrencyremote"), "500\n")
      assert.include(text(home, "install.json"), '"owners": "one"')
      assert.strictEqual(text(home, "alias/.qmail-default"), "./Maildir/\n")
      assert.isTrue(existsSync(join(home, "alias/Maildir/new")))
      assert.strictEqual(yield* whoReceives(home, "Anybody-at-all"), "~/alias/.qmail-Anybody-at-all")
      assert.strictEqual(mode(home, "queue/pid"), "700")
      assert.strictEqual(mode(home, "queue/lock/trigger"), "622")
      assert.isTrue(lstatSync(join(home, "queue/lock/trigger")).isFIFO())
      assert.strictEqual(lstatSync(join(home, "queue/lock/tcpto")).size, 1024)
      assert.isTrue(existsSync(join(home, "queue/remote/22")))
      assert.isFalse(existsSync(join(home, "install.json.unfinished")))
    })
  )

  it.live("changes nothing in a home that is ours, but makes what is missing", () =>
    Effect.gen(function* () {
      const home = join(scratch, "again")
      yield* init(home)
      writeFileSync(join(home, "control/locals"), "other.example\n")
      rmSync(join(home, "queue/mess/7"), { recursive: true })
      yield* addUser(home, "ann")
      assert.strictEqual(yield* init(home), "there was a home")
      assert.strictEqual(text(home, "control/locals"), "other.example\n")
      assert.isTrue(existsSync(join(home, "queue/mess/7")))
      assert.isFalse(existsSync(join(home, "alias/.qmail-default")))
    })
  )

  it.live("completes a home whose making was interrupted", () =>
    Effect.gen(function* () {
      const home = join(scratch, "halfway")
      yield* init(home)
      renameSync(join(home, "install.json"), join(home, "install.json.unfinished"))
      rmSync(join(home, "users"), { recursive: true })
      assert.strictEqual(yield* init(home), "made")
      assert.strictEqual(yield* whoReceives(home, "x"), "~/alias/.qmail-x")
      assert.isTrue(existsSync(join(home, "install.json")))
    })
  )

  it.live("refuses a directory that holds something else", () =>
    Effect.gen(function* () {
      const home = join(scratch, "full")
      mkdirSync(home)
      writeFileSync(join(home, "thesis.txt"), "")
      assert.strictEqual(yield* init(home), `100 unable to use ${home}: it is not empty, and no home of Thresher`)
      writeFileSync(join(home, "install.json"), '{"owners": "many"}')
      assert.strictEqual(yield* init(home), `100 unable to use ${home}: it is a home with many owners`)
      writeFileSync(join(home, "install.json"), '{"owners": "one"}')
      mkdirSync(join(home, "control"))
      writeFileSync(join(home, "control/me"), "other.example\n")
      assert.strictEqual(yield* init(home), `100 unable to use ${home}: it is a home for other.example`)
      writeFileSync(join(home, "install.json"), "{")
      assert.strictEqual(yield* init(home), `100 unable to use ${home}: install.json is not JSON`)
      assert.strictEqual(
        yield* init("var"),
        "100 unable to use var: a home is an absolute path without colon and line feed"
      )
      assert.strictEqual(
        yield* init(join(home, "thesis.txt")),
        `111 unable to list ${home}/thesis.txt: not a directory`
      )
    })
  )
})

describe("HomeSetup.addUser", () => {
  it.live("gives the user his name and its extensions; the first one ends the catch-all", () =>
    Effect.gen(function* () {
      const home = join(scratch, "users")
      yield* init(home)
      assert.deepStrictEqual(yield* addUser(home, "Ann"), {
        user: "ann",
        maildir: `${home}/mail/ann/Maildir`,
        endedCatchAll: true
      })
      assert.strictEqual(yield* whoReceives(home, "ANN"), "~/mail/ann/.qmail")
      assert.strictEqual(yield* whoReceives(home, "ann-lists"), "~/mail/ann/.qmail-lists")
      assert.strictEqual(yield* whoReceives(home, "annabel"), "~/alias/.qmail-annabel")
      assert.isFalse(existsSync(join(home, "alias/.qmail-default")))
      for (const name of ["postmaster", "abuse", "root", "mailer-daemon"])
        assert.strictEqual(text(home, `alias/.qmail-${name}`), "./Maildir/\n")
      assert.strictEqual(mode(home, "mail/ann/Maildir/tmp"), "700")
      const owner = lstatSync(home)
      assert.strictEqual(
        text(home, "users/assign").split("\n")[0],
        `=ann:ann:${owner.uid}:${owner.gid}:${home}/mail/ann:::`
      )
    })
  )

  it.live("the next one leaves the alias files alone, and says whose extension he was", () =>
    Effect.gen(function* () {
      const home = join(scratch, "users")
      writeFileSync(join(home, "alias/.qmail-default"), "./Mailbox\n")
      assert.deepStrictEqual(yield* addUser(home, "ann-shop"), {
        user: "ann-shop",
        maildir: `${home}/mail/ann-shop/Maildir`,
        endedCatchAll: false,
        takesFrom: "ann"
      })
      assert.strictEqual(text(home, "alias/.qmail-default"), "./Mailbox\n")
      assert.strictEqual(yield* whoReceives(home, "ann-shop"), "~/mail/ann-shop/.qmail")
      assert.strictEqual(yield* whoReceives(home, "ann-shop-x"), "~/mail/ann-shop/.qmail-x")
    })
  )

  it.live("two at once are both there", () =>
    Effect.gen(function* () {
      const home = join(scratch, "users")
      yield* Effect.all([addUser(home, "bob"), addUser(home, "eve")], { concurrency: "unbounded" })
      assert.strictEqual(yield* whoReceives(home, "bob"), "~/mail/bob/.qmail")
      assert.strictEqual(yield* whoReceives(home, "eve"), "~/mail/eve/.qmail")
    })
  )

  it.live("refuses names that cannot be, users who are there, and homes of many", () =>
    Effect.gen(function* () {
      const home = join(scratch, "users")
      assert.strictEqual(yield* addUser(home, "ANN"), "100 unable to add ann: there is a user of this name")
      assert.strictEqual(yield* addUser(home, "../x"), "100 unable to add ../x: a user name has no slash")
      assert.strictEqual(
        yield* addUser(scratch, "joe"),
        `100 unable to add joe: the users of ${scratch} are the accounts of the system`
      )
      writeFileSync(join(home, "users/assign"), "=x\n.\n")
      assert.strictEqual(
        yield* addUser(home, "zoe"),
        `100 unable to read ${home}/users/assign: line 1: fewer than seven colons`
      )
    })
  )

  it.live("needs no root", () =>
    Effect.sync(() => {
      const home = join(scratch, "users")
      const owner = execFileSync("stat", ["-c", "%u", join(home, "queue/mess/0")], { encoding: "utf8" }).trim()
      assert.strictEqual(owner, String(process.geteuid!()))
    })
  )
})
