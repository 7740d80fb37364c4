import { assert, describe, it } from "@effect/vitest"
import * as InheritedSockets from "../../../src/core/command/InheritedSockets.ts"

describe("InheritedSockets.inherited, asked by process 42", () => {
  for (const [title, environment, descriptors] of [
    ["two sockets for us", { LISTEN_PID: "42", LISTEN_FDS: "2" }, [3, 4]],
    ["sockets for another process", { LISTEN_PID: "41", LISTEN_FDS: "2" }, []],
    ["for nobody in particular", { LISTEN_FDS: "2" }, []],
    ["none", { LISTEN_PID: "42", LISTEN_FDS: "0" }, []],
    ["no number", { LISTEN_PID: "42", LISTEN_FDS: "2x" }, []],
    ["more than there can be", { LISTEN_PID: "42", LISTEN_FDS: "99999" }, []],
    ["nothing said", {}, []]
  ] as const)
    it(title, () =>
      assert.deepStrictEqual(
        InheritedSockets.inherited(environment, 42),
        descriptors.map((descriptor) => ({ descriptor }))
      )
    )
})
