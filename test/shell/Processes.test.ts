import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../src/core/Bytes.ts"
import { type Child, type ChildDescription, Processes } from "../../src/shell/Processes.ts"

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
