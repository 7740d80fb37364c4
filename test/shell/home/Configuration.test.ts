import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as Cdb from "../../../src/core/control/Cdb.ts"
import { ownHome } from "../../../src/core/control/InstallRecord.ts"
import * as RcptHosts from "../../../src/core/relay/RcptHosts.ts"
import { Configuration, type ConfigurationCalls } from "../../../src/shell/home/Configuration.ts"
import { Controls } from "../../../src/shell/home/Controls.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"

const manner = { patience: 10, limits: { local: 100, remote: 50 } }

/** A home of its own for each test; `write` changes a control file. */
const inHome = (
  body: (
    configuration: ConfigurationCalls,
    write: (name: string, content: string) => void
  ) => Effect.Effect<void, unknown>
) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "thresher-configuration-"))),
    (home) => {
      mkdirSync(join(home, "control"))
      const write = (name: string, content: string) => writeFileSync(join(home, "control", name), content, "latin1")
      write("me", "here.test\n")
      const services = Configuration.layer.pipe(
        Layer.provide(Controls.layer),
        Layer.provide(Layer.mergeAll(Files.layerSync, Home.layerMemory(home, ownHome), Identity.layerMemory({})))
      )
      return Effect.provide(
        Effect.flatMap(Configuration, (configuration) => body(configuration, write)),
        services.pipe(Layer.provide(Files.layerSync))
      )
    },
    (home) => Effect.sync(() => rmSync(home, { recursive: true }))
  )

/** What the three parts make of a domain. */
const view = (configuration: ConfigurationCalls, domain: string) => {
  const { remote, send, smtp } = configuration.current()
  return {
    accepted: RcptHosts.allows(smtp.policy.rcptHosts, `joe@${domain}`),
    local: send.routes.locals.has(domain),
    relay: remote.routes.find(domain)
  }
}
const emptyDatabase = fromChunk(Result.getOrThrow(Cdb.build([])))
const unknown = { accepted: false, local: false, relay: undefined }

describe("Configuration", () => {
  it.live("reads everything at the beginning, and not more deliveries than the spawners take", () =>
    inHome((configuration, write) =>
      Effect.gen(function* () {
        write("concurrencylocal", "500\n")
        write("smtproutes", "x.test:relay.test\n")
        const { concurrency } = yield* configuration.begin(manner)
        assert.deepStrictEqual(concurrency, { local: 100, remote: 20 })
        assert.deepStrictEqual(view(configuration, "here.test"), { accepted: true, local: true, relay: undefined })
        assert.deepStrictEqual(view(configuration, "x.test"), { ...unknown, relay: "relay.test" })
      })
    )
  )
  it.live("what is read again counts from the moment in which qmail-send takes its part", () =>
    inHome((configuration, write) =>
      Effect.gen(function* () {
        yield* configuration.begin(manner)
        write("locals", "here.test\nnew.test\n")
        write("smtproutes", "new.test:relay.test\n")
        const outcome = yield* configuration.reread(true)
        assert.deepStrictEqual(view(configuration, "new.test"), unknown)
        assert.strictEqual(outcome._tag, "Read")
        if (outcome._tag === "Read") configuration.taken(outcome.settings)
        assert.deepStrictEqual(view(configuration, "new.test"), { accepted: true, local: true, relay: "relay.test" })
      })
    )
  )
  for (const [name, bad, reason] of [
    ["concurrencylocal", "99999999999999999999\n", "line 1: number too large: 99999999999999999999"],
    ["databytes", "99999999999999999999\n", "line 1: number too large: 99999999999999999999"],
    ["timeoutremote", "99999999999999999999\n", "line 1: number too large: 99999999999999999999"],
    ["smtproutes", "a:b:c\n", "line 1: port c is not a number from 1 to 65535"],
    ["relayclients", "10.\nx\n", "line 2: x is no address and no network"],
    ["rcpthosts", "a\0b\n", "has a zero byte"],
    ["morercpthosts.cdb", "x", "is damaged: run qmail-newmrh"]
  ] as const)
    it.live(`a bad ${name}: nothing is read, at the beginning or again`, () =>
      inHome((configuration, write) =>
        Effect.gen(function* () {
          write(name, bad)
          assert.strictEqual((yield* Effect.flip(configuration.begin(manner))).reason, `control/${name}: ${reason}`)
          write(name, name.endsWith(".cdb") ? emptyDatabase : "")
          yield* configuration.begin(manner)
          write("locals", "new.test\n")
          write(name, bad)
          const failed = { _tag: "Failed", what: `controls: control/${name}: ${reason}` } as const
          assert.deepStrictEqual(yield* configuration.reread(true), failed)
          assert.deepStrictEqual(view(configuration, "new.test"), unknown)
          assert.deepStrictEqual(yield* configuration.reread(false), { _tag: "Unchanged" }, "it is said once")
          assert.deepStrictEqual(yield* configuration.reread(true), failed, "and whenever somebody asks")
        })
      )
    )
  it.live("looks unasked at every file, and reads nothing if none has changed", () =>
    inHome((configuration, write) =>
      Effect.gen(function* () {
        yield* configuration.begin(manner)
        assert.deepStrictEqual(yield* configuration.reread(false), { _tag: "Unchanged" })
        for (const [name, content] of [
          ["rcpthosts", ""],
          ["rcpthosts", "a.test\n"],
          ["smtproutes", "a.test:b.test\n"],
          ["queuelifetime", "60\n"]
        ] as const) {
          write(name, content)
          assert.strictEqual((yield* configuration.reread(false))._tag, "Read")
          assert.deepStrictEqual(yield* configuration.reread(false), { _tag: "Unchanged" })
        }
      })
    )
  )
  it.live("of two readings the one that was asked for last counts last, however long the first one takes", () => {
    let readings = 0
    const content = (name: string) => {
      if (name === "me") return Effect.succeed(toChunk("here.test\n"))
      if (name !== "queuelifetime") return Effect.undefined
      const reading = ++readings
      return Effect.delay(Effect.succeed(toChunk(`${reading}\n`)), reading === 2 ? 50 : 0)
    }
    const services = Configuration.layer.pipe(
      Layer.provide(Layer.succeed(Controls, { ...Controls.ofContents(() => undefined, "/home", false), content })),
      Layer.provide(
        Layer.mergeAll(Files.layerSync, Home.layerMemory("/nonexistent", ownHome), Identity.layerMemory({}))
      )
    )
    return Effect.gen(function* () {
      const configuration = yield* Configuration
      yield* configuration.begin(manner)
      const readAgain = Effect.tap(configuration.reread(true), (outcome) =>
        Effect.sync(() => outcome._tag === "Read" && configuration.taken(outcome.settings))
      )
      yield* Effect.all([readAgain, readAgain], { concurrency: 2 })
      assert.strictEqual(configuration.current().send.lifetime, 3)
    }).pipe(Effect.provide(services))
  })
})
