import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../../src/core/Bytes.ts"
import { mapOf, setOf } from "../../../src/core/control/ControlMap.ts"
import * as QueuePreprocess from "../../../src/core/queue/QueuePreprocess.ts"
import * as RecipientFile from "../../../src/core/queue/RecipientFile.ts"

const rules = { locals: setOf(["l"]), percenthack: setOf([]), virtualdomains: mapOf([]), envnoathost: "e" }

/** Fed in pieces of so many bytes; what was written, and whether it was refused. */
const preprocess = (todo: string, size = todo.length) => {
  let state = QueuePreprocess.initial(rules)
  const written: Array<string> = []
  for (let at = 0; at < todo.length && !state.refused; at += size) {
    const step = QueuePreprocess.feed(state, toChunk(todo.slice(at, at + size)))
    state = step.state
    for (const command of step.commands)
      written.push(
        command._tag === "WriteSender"
          ? `<${command.sender}> qp ${command.qp} uid ${command.uid}`
          : `${command.channel} ${command.recipient}`
      )
  }
  return [...written, ...(state.refused ? ["refused"] : [])]
}

const todo = "u501\0p1234\0Fs@x\0Ta@l\0Tb@r\0Tc\0"

describe("QueuePreprocess", () => {
  for (const [what, given, written] of [
    [
      "sender, uid, pid, and each recipient to its channel",
      todo,
      ["<s@x> qp 1234 uid 501", "local a@l", "remote b@r", "remote c@e"]
    ],
    ["a last record without its NUL is none", "Fs\0Ta@l\0Tta", ["<s> qp 0 uid 0", "local a@l"]],
    ["nothing behind an unknown record", "Fs\0Qx\0Ta@l\0", ["<s> qp 0 uid 0", "refused"]],
    ["an empty record is unknown", "Fs\0\0Ta@l\0", ["<s> qp 0 uid 0", "refused"]],
    ["no sender", "u1\0Ta@l\0", ["local a@l"]],
    ["two senders", "Fs\0Ft\0", ["<s> qp 0 uid 0", "<t> qp 0 uid 0"]],
    ["an empty recipient", "F\0T\0", ["<> qp 0 uid 0", "remote @e"]]
  ] as const) {
    it(what, () => assert.deepStrictEqual(preprocess(given), [...written]))
    it(`${what}, byte by byte`, () => assert.deepStrictEqual(preprocess(given, 1), [...written]))
  }
  it("writes the records of info and of the channel files", () => {
    assert.strictEqual(QueuePreprocess.senderRecord("s@x"), "Fs@x\0")
    assert.strictEqual(QueuePreprocess.recipientRecord("a@l"), "Ta@l\0")
  })
})

describe("RecipientFile.parse", () => {
  const parse = (content: string, position = 0) => {
    const { consumed, records, unknown } = RecipientFile.parse(toChunk(content), position)
    return [records.map((r) => `${r.done ? "D" : "T"}${r.recipient}@${r.position}`).join(" "), consumed, unknown]
  }
  for (const [content, expected] of [
    ["", ["", 0, false]],
    ["Ta\0Db\0", ["Ta@0 Db@3", 6, false]],
    ["Ta\0Db", ["Ta@0", 3, false]],
    ["Ta\0Xb\0Tc\0", ["Ta@0", 3, true]],
    ["\0", ["", 0, true]]
  ] as const)
    it(JSON.stringify(content), () => assert.deepStrictEqual(parse(content), [...expected]))
  it("positions count from the start of the file", () =>
    assert.deepStrictEqual(parse("Dx\0Ty\0", 100), ["Dx@100 Ty@103", 6, false]))
  it("what was formatted is read back", () =>
    assert.deepStrictEqual(parse(RecipientFile.format("we ird@x")), ["Twe ird@x@0", 10, false]))
})
