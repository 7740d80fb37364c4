import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import * as Cdb from "../../../src/core/control/Cdb.ts"
import { qmailHome } from "../../../src/core/control/InstallRecord.ts"
import * as UserAssign from "../../../src/core/users/UserAssign.ts"
import { Accounts } from "../../../src/shell/home/Accounts.ts"
import { Controls } from "../../../src/shell/home/Controls.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { Processes } from "../../../src/shell/platform/Processes.ts"
import { UserDatabase } from "../../../src/shell/home/UserDatabase.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-users-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const passwdFile = join(scratch, "passwd")
writeFileSync(passwdFile, "joe:x:507:100:J:/home/joe:/bin/sh\nann:x:508:100::/home/ann:/bin/sh\n")
const joe = { name: "joe", uid: 507, gid: 100, homedir: "/home/joe" }

const real = (passwd: string) =>
  Accounts.layer.pipe(
    Layer.provide(Layer.mergeAll(Files.layer, Processes.layer, Controls.layerMemory({ passwdfile: `${passwd}\n` })))
  )

for (const [name, layer, troubled] of [
  ["the real layer", real(passwdFile), real(join(scratch, "absent"))],
  ["the memory layer", Accounts.layerMemory({ users: [joe] }), Accounts.layerMemory({ trouble: ["joe"] })]
] as const)
  describe(`Accounts: ${name}`, () => {
    const user = (account: string, from: Layer.Layer<Accounts> = layer) =>
      Effect.flatMap(Accounts, (accounts) => accounts.user(account)).pipe(
        Effect.match({ onFailure: () => "nobody can tell", onSuccess: (found) => found ?? "unknown" }),
        Effect.provide(from)
      )
    it.live("knows an account by its name", () =>
      Effect.map(user("joe"), (found) => assert.deepStrictEqual(found, joe))
    )
    it.live("does not know others", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* user("JOE"), "unknown")
        assert.strictEqual(yield* user("507"), "unknown")
        assert.strictEqual(yield* user(""), "unknown")
      })
    )
    it.live("[W104] where the file cannot be read, nobody can tell", () =>
      Effect.map(user("joe", troubled), (found) => assert.strictEqual(found, "nobody can tell"))
    )
  })

describe("Accounts: the system's own", () => {
  const systemLayer = Accounts.layer.pipe(
    Layer.provide(Layer.mergeAll(Files.layer, Processes.layer, Controls.layerMemory({})))
  )
  it.live("knows root and its group, and nobody whom nobody made", () =>
    Effect.gen(function* () {
      const accounts = yield* Accounts
      assert.strictEqual((yield* accounts.user("root"))?.uid, 0)
      assert.strictEqual((yield* accounts.group("root"))?.gid, 0)
      for (const name of ["no-such-account-here", "0", "-x", "a:b", "a\nroot", ""]) {
        assert.isUndefined(yield* accounts.user(name))
        assert.isUndefined(yield* accounts.group(name))
      }
    }).pipe(Effect.provide(systemLayer))
  )
})

const alias = { name: "alias", uid: 7790, gid: 2108, homedir: "/var/qmail/alias" }

describe("UserDatabase", () => {
  const disk = new MemoryDisk()
  disk.makeDirectories("/q/users")
  disk.owner = { uid: 507, gid: 100 }
  disk.makeDirectories("/home/joe")
  disk.owner = { uid: 0, gid: 0 }
  disk.makeDirectories("/home/ann")
  const lookup = (local: string, known: Parameters<typeof Accounts.layerMemory>[0]) =>
    Effect.flatMap(UserDatabase, (users) => users.lookup(local)).pipe(
      Effect.map((answer) =>
        answer._tag === "Found"
          ? `${answer.account.user}|${answer.account.dash}|${answer.account.ext}`
          : answer.exitCode
      ),
      Effect.provide(
        UserDatabase.layer.pipe(
          Layer.provide(
            Layer.mergeAll(
              disk.layer,
              Accounts.layerMemory(known),
              Home.layerMemory("/q", qmailHome),
              Identity.layerMemory({ uid: 0, effectiveUid: 0 })
            )
          )
        )
      )
    )
  const system = {
    users: [
      joe,
      alias,
      { ...joe, name: "ann", homedir: "/home/ann" },
      { ...joe, name: "root", uid: 0 },
      { ...joe, name: "gone", homedir: "/x" }
    ]
  }
  for (const [local, answer] of [
    ["joe", "joe||"],
    ["Joe-Ext-2", "joe|-|Ext-2"],
    ["ann", "alias|-|ann"],
    ["root", "alias|-|root"],
    ["gone", "alias|-|gone"],
    ["nobody-here", "alias|-|nobody-here"]
  ] as const)
    it.effect(`without users/cdb ${local} is ${answer}`, () =>
      Effect.map(lookup(local, system), (found) => assert.strictEqual(found, answer))
    )
  it.effect("[W104] where nobody can tell, mail waits", () =>
    Effect.map(lookup("joe-x", { ...system, trouble: ["joe"] }), (found) => assert.strictEqual(found, 118))
  )
  it.effect("without an alias account mail waits", () =>
    Effect.map(lookup("nobody", { users: [joe] }), (found) => assert.strictEqual(found, 116))
  )
  it.effect("[W7] with a catch-all in users/cdb no account of the system is looked up", () =>
    Effect.gen(function* () {
      const assignments = Result.getOrThrow(UserAssign.parse("+:alias:7790:2108:/var/qmail/alias:-::\n."))
      disk.makeFile("/q/users/cdb", Result.getOrThrow(Cdb.build(UserAssign.records(assignments))))
      assert.strictEqual(yield* lookup("joe", { trouble: ["joe", "alias"] }), "alias|-|joe")
    })
  )
  it.effect("a damaged users/cdb makes all mail wait", () =>
    Effect.gen(function* () {
      disk.makeFile("/q/users/cdb", "damaged")
      assert.strictEqual(yield* lookup("joe", system), 117)
    })
  )
})

describe("UserDatabase.layerProgram", () => {
  const home = join(scratch, "home")
  mkdirSync(join(home, "bin"), { recursive: true })
  const getpw = (script: string) => {
    writeFileSync(join(home, "bin/qmail-getpw"), `#!/bin/sh\n${script}\n`)
    chmodSync(join(home, "bin/qmail-getpw"), 0o755)
  }
  const lookup = (local: string) =>
    Effect.flatMap(UserDatabase, (users) => users.lookup(local)).pipe(
      Effect.map((answer) => (answer._tag === "Found" ? answer.account : answer.exitCode)),
      Effect.provide(
        UserDatabase.layerProgram.pipe(
          Layer.provide(
            Layer.mergeAll(
              Files.layer,
              Processes.layer,
              Accounts.layerMemory({}),
              Home.layerMemory(home, qmailHome),
              Identity.layerMemory({ environment: { PATH: "/usr/bin:/bin" } })
            )
          )
        )
      )
    )
  for (const [what, script, answer] of [
    [
      "takes the six fields",
      `printf '%s\\0' joe 507 100 /home/joe - "$1"`,
      { user: "joe", uid: 507, gid: 100, homedir: "/home/joe", dash: "-", ext: "x y" }
    ],
    ["passes its exit code on", "exit 115", 115],
    ["a crash is a temporary failure", "kill -9 $$", 118],
    ["five fields are a bug", `printf '%s\\0' joe 507 100 /home/joe -`, 112],
    ["root gets no deliveries", `printf '%s\\0' root 0 0 /root '' ''`, 113]
  ] as const)
    it.live(what, () => {
      getpw(script)
      return Effect.map(lookup("x y"), (found) => assert.deepStrictEqual(found, answer))
    })
  it.live("where there is no qmail-getpw, mail waits", () => {
    rmSync(join(home, "bin/qmail-getpw"))
    return Effect.map(lookup("x"), (found) => assert.strictEqual(found, 121))
  })
})
