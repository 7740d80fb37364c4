import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { ownHome, qmailHome } from "../../../src/core/control/InstallRecord.ts"
import * as Interpreter from "../../../src/core/home/Interpreter.ts"
import * as Programs from "../../../src/core/home/Programs.ts"
import { Accounts } from "../../../src/shell/home/Accounts.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import * as HomeInstall from "../../../src/shell/home/HomeInstall.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { Processes } from "../../../src/shell/platform/Processes.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-install-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const from = join(scratch, "dist/bin")
mkdirSync(from, { recursive: true })
const installed = Programs.all.filter(({ isInstalled }) => isInstalled)
for (const { name } of Programs.all) writeFileSync(join(from, name), `#!/elsewhere/node\n${name}\n`)
const manuals = join(scratch, "docs/man")
mkdirSync(manuals, { recursive: true })
writeFileSync(join(manuals, "forward.1"), ".Dd\n")
writeFileSync(join(manuals, "README"), "")
const installedHere = { _tag: "Installed" as const, programs: installed.length, kept: [], canQueue: true }

const isRoot = process.geteuid!() === 0
const users = Object.values(qmailHome.users).map((name, i) => ({
  name,
  uid: name === "root" ? 0 : 60000 + i,
  gid: 60000,
  homedir: "/"
}))
const groups = [
  { name: "qmail", gid: 60001 },
  { name: "nofiles", gid: 60002 }
]

const install = (
  home: string,
  record = ownHome,
  known: Parameters<typeof Accounts.layerMemory>[0] = {},
  built = from
) =>
  HomeInstall.install({ from: built, makeUsers: false }).pipe(
    Effect.match({ onFailure: ({ exitCode, text }) => `${exitCode} ${text}`, onSuccess: (installed) => installed }),
    Effect.provide(
      Layer.mergeAll(
        Home.layerMemory(home, record),
        Accounts.layerMemory(known),
        Files.layer,
        Identity.layer,
        Processes.layer
      )
    )
  )
const shown = (path: string) => {
  const { gid, mode, uid } = lstatSync(path)
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`
}

describe("HomeInstall.install", () => {
  it.live("puts programs into a home with one owner, run by this node", () =>
    Effect.gen(function* () {
      const home = join(scratch, "own")
      mkdirSync(home)
      assert.deepStrictEqual(yield* install(home), installedHere)
      assert.strictEqual(readFileSync(join(home, "bin/forward"), "utf8"), `#!${process.execPath}\nforward\n`)
      assert.strictEqual(lstatSync(join(home, "bin/forward")).mode & 0o7777, 0o755)
      assert.deepStrictEqual(
        readdirSync(join(home, "bin")).sort(),
        [...installed.map(({ name }) => name), "package.json"].sort()
      )
      assert.deepStrictEqual(yield* install(home), installedHere)
    })
  )

  it.live("keeps what the first line leaves out of the environment, and knows such programs as ours", () =>
    Effect.gen(function* () {
      const home = join(scratch, "first-line")
      mkdirSync(home)
      const before = readFileSync(join(from, "forward"))
      writeFileSync(join(from, "forward"), `${Interpreter.line("/elsewhere/node", true)}\nforward\n`)
      assert.deepStrictEqual([yield* install(home), yield* install(home)], [installedHere, installedHere])
      writeFileSync(join(from, "forward"), before)
      const line = Interpreter.line(process.execPath, true)
      assert.strictEqual(readFileSync(join(home, "bin/forward"), "utf8"), `${line}\nforward\n`)
    })
  )

  it.live("takes the place of a link to a working copy, and leaves the copy alone", () =>
    Effect.gen(function* () {
      const home = join(scratch, "linked")
      mkdirSync(home)
      symlinkSync(from, join(home, "bin"))
      yield* install(home)
      assert.isTrue(lstatSync(join(home, "bin")).isDirectory())
      assert.strictEqual(readFileSync(join(from, "forward"), "utf8"), "#!/elsewhere/node\nforward\n")
    })
  )

  it.live("keeps a program of another origin beside ours, once", () =>
    Effect.gen(function* () {
      const home = join(scratch, "kept")
      mkdirSync(join(home, "bin"), { recursive: true })
      writeFileSync(join(home, "bin/forward"), "\x7fELF qmail's own")
      assert.deepStrictEqual(yield* install(home), { ...installedHere, kept: ["forward"] })
      writeFileSync(join(home, "bin/forward"), "#!/bin/sh\n# a site's own\n")
      yield* install(home)
      assert.strictEqual(readFileSync(join(home, "bin/forward.before-thresher"), "latin1"), "\x7fELF qmail's own")
    })
  )

  it.live("changes nothing where a program is missing", () =>
    Effect.gen(function* () {
      const home = join(scratch, "missing")
      mkdirSync(home)
      renameSync(join(from, "qbiff"), join(scratch, "qbiff"))
      assert.strictEqual(yield* install(home), "111 unable to read qbiff: file does not exist")
      renameSync(join(scratch, "qbiff"), join(from, "qbiff"))
      assert.deepStrictEqual(readdirSync(home), [])
    })
  )

  it.live("installs itself anew from where it is installed, and leaves what others put there", () =>
    Effect.gen(function* () {
      const home = join(scratch, "again")
      mkdirSync(home)
      yield* install(home)
      writeFileSync(join(home, "bin/forward"), "\x7fELF another forward")
      const answer = yield* install(home, ownHome, {}, join(home, "bin"))
      assert.deepStrictEqual(answer, { ...installedHere, programs: installed.length - 1 })
      assert.strictEqual(readFileSync(join(home, "bin/forward"), "latin1"), "\x7fELF another forward")
    })
  )

  it.live("wants a home that can stand in PATH", () =>
    Effect.gen(function* () {
      const home = join(scratch, "a:b")
      assert.strictEqual(
        yield* install(home),
        `100 unable to use ${home}: a home is an absolute path without colon and line feed`
      )
    })
  )

  it.live("without qmail's users says how to make them, and changes nothing; needs root", () =>
    Effect.gen(function* () {
      const home = join(scratch, "unmade")
      const answer = yield* install(home, qmailHome, { users: users.slice(0, 7), groups })
      assert.deepStrictEqual(
        answer,
        isRoot
          ? {
              _tag: "UsersMissing",
              commands: [`useradd -r -M -g qmail -d ${home} -s /bin/false qmails`]
            }
          : `100 unable to install in ${home}: only root can give files to qmail's users`
      )
      assert.throws(() => lstatSync(home))
    })
  )

  it.live("gives everything to qmail's users, with qmail's modes; needs root", () =>
    Effect.gen(function* () {
      const home = join(scratch, "many")
      const answer = yield* install(home, qmailHome, { users, groups })
      if (!isRoot || typeof answer === "string") {
        assert.match(String(answer), /^100 unable to (install in|use) /)
        return
      }
      const uidOf = (name: string) => users.find((user) => user.name === name)!.uid
      assert.strictEqual(shown(join(home, "bin/qmail-queue")), `${uidOf("qmailq")}:60001 4755`)
      assert.strictEqual(shown(join(home, "bin/qmail-start")), "0:60001 700")
      assert.strictEqual(shown(join(home, "queue/mess/22")), `${uidOf("qmailq")}:60001 750`)
      assert.strictEqual(shown(join(home, "queue/remote/0")), `${uidOf("qmails")}:60001 700`)
      assert.strictEqual(shown(join(home, "queue/lock/tcpto")), `${uidOf("qmailr")}:60001 644`)
      assert.strictEqual(shown(join(home, "queue/lock/trigger")), `${uidOf("qmails")}:60001 622`)
      assert.strictEqual(shown(join(home, "alias")), `${uidOf("alias")}:60001 2755`)
      assert.strictEqual(shown(join(home, "man/man1/forward.1")), "0:60001 644")
      assert.strictEqual(shown(join(home, "boot/proc+df")), "0:60001 755")
      assert.include(readFileSync(join(home, "boot/home"), "utf8"), `env - PATH="${home}/bin:$PATH"`)
      assert.include(readFileSync(join(home, "doc/control/rcpthosts"), "utf8"), "# example.org\n")
      assert.deepInclude(answer, { kept: [], canQueue: false })
    })
  )

  it.live.runIf(isRoot)(
    "gives a queue on another disk to qmailq, and follows no link that others can make; needs root",
    () =>
      Effect.gen(function* () {
        const home = join(scratch, "linked-queue")
        const disk = join(scratch, "disk")
        const prey = join(scratch, "prey")
        for (const directory of [home, disk, join(disk, "lock")]) mkdirSync(directory)
        writeFileSync(prey, "")
        symlinkSync(disk, join(home, "queue"))
        symlinkSync(prey, join(disk, "lock/tcpto"))
        const answer = yield* install(home, qmailHome, { users, groups })
        if (String(answer).startsWith("100 unable to use ")) return
        assert.strictEqual(answer, `111 unable to use ${home}/queue/lock/tcpto: it is no file`)
        assert.strictEqual(shown(disk), `${users.find(({ name }) => name === "qmailq")!.uid}:60001 750`)
        assert.strictEqual(lstatSync(prey).uid, 0)
      })
  )

  it.live.runIf(isRoot)("gives a directory of the queue on another disk to its owner; needs root", () =>
    Effect.gen(function* () {
      const uidOf = (name: string) => users.find((user) => user.name === name)!.uid
      const home = join(scratch, "linked-mess")
      const disk = join(scratch, "disk-of-mess")
      for (const directory of [home, join(home, "queue"), disk, join(disk, "mess")]) mkdirSync(directory)
      symlinkSync(join(disk, "mess"), join(home, "queue/mess"))
      // Where only root could have put the link: later queue is qmailq's, who could move links of root's there.
      const first = yield* install(home, qmailHome, { users, groups })
      if (String(first).startsWith("100 unable to use ")) return
      assert.deepInclude(first, { _tag: "Installed" })
      assert.strictEqual(shown(join(disk, "mess/22")), `${uidOf("qmailq")}:60001 750`)
      chownSync(join(disk, "mess"), 0, 0)
      assert.strictEqual(
        yield* install(home, qmailHome, { users, groups }),
        `111 unable to use ${home}/queue/mess: ` +
          `it is a symbolic link to a directory of uid 0, not of uid ${uidOf("qmailq")}`
      )
      chownSync(join(disk, "mess"), uidOf("qmailq"), 0)
      assert.deepInclude(yield* install(home, qmailHome, { users, groups }), { _tag: "Installed" })
      assert.strictEqual(shown(join(disk, "mess/22")), `${uidOf("qmailq")}:60001 750`)
    })
  )

  it.live.runIf(isRoot)("leaves a set-uid qmail-queue in its place: no script can be that; needs root", () =>
    Effect.gen(function* () {
      const home = join(scratch, "set-uid")
      mkdirSync(join(home, "bin"), { recursive: true })
      writeFileSync(join(home, "bin/qmail-queue"), "\x7fELF qmail's own")
      chmodSync(join(home, "bin/qmail-queue"), 0o4711)
      const answer = yield* install(home, qmailHome, { users, groups })
      if (typeof answer === "string") return assert.match(answer, /^100 unable to use /)
      assert.deepInclude(answer, { kept: [], canQueue: true })
      assert.strictEqual(readFileSync(join(home, "bin/qmail-queue"), "latin1"), "\x7fELF qmail's own")
      assert.strictEqual(readFileSync(join(home, "bin/qmail-queue.thresher"), "latin1").slice(0, 2), "#!")
    })
  )
})
