import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readdirSync } from "node:fs"
import { type ByteString, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import { type Child, type ChildDescription, Processes } from "../../../src/shell/platform/Processes.ts"

const readAll = Effect.fnUntraced(function* (child: Child, descriptor: number) {
  let text = ""
  for (;;) {
    const piece = yield* child.read(descriptor)
    if (piece.length === 0) return text
    text += fromChunk(piece)
  }
})

const run = (description: Partial<ChildDescription> & { readonly program: ByteString }, input = "") =>
  Effect.gen(function* () {
    const child = yield* (yield* Processes).spawn({
      arguments: [],
      environment: { PATH: "/usr/bin:/bin" },
      descriptors: ["toChild", "fromChild", "fromChild"],
      ...description
    })
    const wasTaken = yield* child.write(0, toChunk(input))
    yield* child.end(0)
    const output = yield* readAll(child, 1)
    return { wasTaken, output, ending: yield* child.ending }
  }).pipe(Effect.provide(Processes.layer))

describe("Processes", () => {
  it.live("feeds a child and reads what it says", () =>
    Effect.map(run({ program: "cat" }, "hello"), ({ ending, output, wasTaken }) => {
      assert.isTrue(wasTaken)
      assert.strictEqual(output, "hello")
      assert.deepStrictEqual(ending, { _tag: "Exited", exitCode: 0 })
    })
  )
  it.live("tells the exit code and the signal", () =>
    Effect.gen(function* () {
      const failed = yield* run({ program: "/bin/sh", arguments: ["-c", "exit 99"] })
      assert.deepStrictEqual(failed.ending, { _tag: "Exited", exitCode: 99 })
      const killed = yield* run({ program: "/bin/sh", arguments: ["-c", "kill -9 $$"] })
      assert.deepStrictEqual(killed.ending, { _tag: "Killed", signal: "SIGKILL" })
    })
  )
  it.live("passes arguments and environment of any bytes but NUL", () =>
    Effect.gen(function* () {
      const odd = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join("") + "\n\n"
      const { output } = yield* run({
        program: "/bin/sh",
        arguments: ["-c", 'printf "%s|%s|%s" "$1" "$2" "$ODD"', "sh", odd, "gr\xc3\xbcn $(id) '", ""],
        environment: { PATH: "/usr/bin:/bin", ODD: "\xff'`id`\\" }
      })
      assert.strictEqual(output, `${odd}|gr\xc3\xbcn $(id) '|\xff'\`id\`\\`)
    })
  )
  it.live("starts in the given directory with only the given environment", () =>
    Effect.map(
      run({ program: "/bin/sh", arguments: ["-c", 'pwd; printf "%s" "${HOME-none}"'], directory: "/" }),
      ({ output }) => assert.strictEqual(output, "/\nnone")
    )
  )
  for (const program of ["/nonexistent/program", ""])
    it.live(`says that "${program}" cannot be started, and why`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(run({ program }))
        assert.deepStrictEqual([error.program, error.errno], [program, "ENOENT"])
      })
    )
  it.live("writing to a child that reads no more is no error, but is told", () =>
    Effect.map(run({ program: "/bin/true" }, "x".repeat(1_000_000)), ({ ending, wasTaken }) => {
      assert.isFalse(wasTaken)
      assert.deepStrictEqual(ending, { _tag: "Exited", exitCode: 0 })
    })
  )
  it.live("keeps what a child wrote last, for a reader who comes after its end", () =>
    Effect.gen(function* () {
      const child = yield* (yield* Processes).spawn({
        program: "/bin/sh",
        arguments: ["-c", "printf one; printf six >&6; exit 82"],
        environment: { PATH: "/usr/bin:/bin" },
        descriptors: ["ignore", "fromChild", "ignore", "ignore", "ignore", "ignore", "fromChild"]
      })
      assert.deepStrictEqual(yield* child.ending, { _tag: "Exited", exitCode: 82 })
      // Node notices the end of a child some turns of its loop before anybody reads.
      yield* Effect.sleep(1)
      assert.deepStrictEqual([yield* readAll(child, 1), yield* readAll(child, 6)], ["one", "six"])
    }).pipe(Effect.provide(Processes.layer))
  )
})

/** What is run in a child whose descriptors 0 and 3 are pipes from us, and 1, 2 and 6 pipes to us. */
const inChild = (script: string, given: Partial<ChildDescription> = {}) =>
  Effect.gen(function* () {
    const child = yield* (yield* Processes).spawn({
      program: "/bin/sh",
      arguments: ["-c", script],
      environment: { PATH: "/usr/bin:/bin" },
      descriptors: ["toChild", "fromChild", "fromChild", "toChild", "ignore", "ignore", "fromChild"],
      ...given
    })
    for (const descriptor of [0, 3]) {
      yield* child.write(descriptor, toChunk(`to ${descriptor}\n`))
      yield* child.end(descriptor)
    }
    // Nobody reads before the child is gone and node has noticed it.
    const ending = yield* child.ending
    yield* Effect.sleep(1)
    const said = [yield* readAll(child, 1), yield* readAll(child, 2), yield* readAll(child, 6)]
    return { ending, said }
  })

type Found = Effect.Success<ReturnType<typeof inChild>>

const reopening =
  "cat /dev/stdin; cat /dev/fd/3; echo out >/dev/stdout; echo more >/dev/fd/1; " +
  "echo error >/dev/stderr; echo six >/proc/self/fd/6"
const reopened: Found = {
  ending: { _tag: "Exited", exitCode: 0 },
  said: ["to 0\nto 3\nout\nmore\n", "error\n", "six\n"]
}

describe("Pipes of children", () => {
  const openFiles = () => readdirSync("/proc/self/fd").length
  it.live("can be opened once more, as /dev/stdin, /dev/stderr and /dev/fd/N", () =>
    Effect.map(inChild(reopening), (found) => assert.deepStrictEqual(found, reopened)).pipe(
      Effect.provide(Processes.layer)
    )
  )
  it.live.skipIf(process.getuid!() !== 0)("by whoever the child is (only root can start a child as another)", () =>
    Effect.map(inChild(reopening, { uid: 54321, gid: 54321 }), (found) => assert.deepStrictEqual(found, reopened)).pipe(
      Effect.provide(Processes.layer)
    )
  )
  it.live("wait where a program expects it to", () =>
    Effect.map(inChild("for fd in 0 1 2 3 6; do grep flags: /proc/self/fdinfo/$fd; done"), ({ said }) => {
      const flags = said[0]!.match(/[0-7]+/g)!.map((octal) => parseInt(octal, 8))
      assert.deepStrictEqual(
        flags.map((each) => each & 0o4003),
        [0, 1, 1, 0, 1]
      )
    }).pipe(Effect.provide(Processes.layer))
  )
  it.live("keep what was written last, also for a reader who comes late, and where no shell makes pipes", () =>
    Effect.gen(function* () {
      const last = "printf one; printf two >&2; printf six >&6; exit 82"
      const expected: Found = { ending: { _tag: "Exited", exitCode: 82 }, said: ["one", "two", "six"] }
      assert.deepStrictEqual(yield* Effect.provide(inChild(last), Processes.layer), expected)
      for (const noPipes of ["/bin/false", "/nonexistent/sh", "/etc/passwd"])
        assert.deepStrictEqual(yield* Effect.provide(inChild(last), Processes.layerWithPipesBy(noPipes)), expected)
    })
  )
  it.live("are gone with the layer, also if no child took them", () =>
    Effect.gen(function* () {
      const before = openFiles()
      yield* Effect.gen(function* () {
        for (let i = 0; i < 5; i++) yield* inChild(":")
        yield* Effect.flip((yield* Processes).spawn({ ...missing, program: "/nonexistent" }))
      }).pipe(Effect.provide(Processes.layer))
      // What ends a child's pipes comes in its own time.
      for (let look = 0; look < 500 && openFiles() > before; look++) yield* Effect.sleep(10)
      assert.isAtMost(openFiles(), before)
    })
  )
})

const missing: Omit<ChildDescription, "program"> = {
  arguments: [],
  environment: {},
  descriptors: ["toChild", "fromChild", "fromChild"]
}
