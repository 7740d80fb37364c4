import { assert, describe, it } from "@effect/vitest"
import * as ProcessOne from "../../../src/core/command/ProcessOne.ts"

const words = ["/usr/bin/node", "--max-old-space-size=100", "/h/bin/thresher", "start", "--home", "/h o m e"]
const facts: ProcessOne.Facts = { pid: 1, words, inherited: [], listen: [] }
const server = (more: Partial<ProcessOne.Facts>) => ProcessOne.shellArguments({ ...facts, ...more })?.slice(3)

describe("A server that is process 1", () => {
  it("runs itself below a shell, with the words that started it", () => {
    assert.deepStrictEqual(ProcessOne.shellArguments(facts)?.slice(0, 3), ["-c", ProcessOne.script, "thresher"])
    assert.deepStrictEqual(server({}), words)
  })
  it("any other process stays what it is", () => {
    assert.isUndefined(server({ pid: 2 }))
    assert.isUndefined(server({ pid: 4242 }))
  })
  it("names the sockets that were handed to process 1, unless it was told where to listen", () => {
    const inherited = [{ descriptor: 3 }, { descriptor: 4 }]
    assert.deepStrictEqual(server({ inherited }), [...words, "--listen", "fd:3", "--listen", "fd:4"])
    assert.deepStrictEqual(server({ inherited, listen: [{ host: "", port: 25 }] }), words)
    assert.deepStrictEqual(server({ listen: [{ descriptor: 3 }] }), words)
  })
  it("keeps standard input if that is the socket", () => assert.isUndefined(server({ listen: [{ descriptor: 0 }] })))
})
