import { assert, describe, it } from "@effect/vitest"
import * as DropName from "../../../src/core/queue/DropName.ts"

const id = "0123456789abcdef0123456789abcdef"

describe("DropName", () => {
  it("has the name of its stage, its account, and a number by chance", () => {
    const name = { stage: "msg", uid: 33, id } as const
    assert.strictEqual(DropName.nameOf(name), `msg.33.${id}`)
    assert.deepStrictEqual(DropName.parseName(`msg.33.${id}`), name)
  })
  for (const other of [
    "trigger",
    "msg",
    `msg.33.${id}.x`,
    `msg.033.${id}`,
    `msg.-1.${id}`,
    `msg.x.${id}`,
    `msg.33.${id}0`,
    `msg.33.${id.toUpperCase()}`,
    `old.33.${id}`,
    `.msg.33.${id}`
  ])
    it(`${other} is no such name`, () => assert.isUndefined(DropName.parseName(other)))
})
