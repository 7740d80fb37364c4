import { assert, describe, it } from "@effect/vitest"
import * as DropScan from "../../../src/core/queue/DropScan.ts"

const now = 1_000_000
const id = (n: number) => n.toString(16).padStart(32, "0")
const found = (name: string, change: Partial<DropScan.Found> = {}): DropScan.Found => ({
  name,
  kind: "file",
  uid: 33,
  mode: 0o660,
  bytes: 100,
  mtime: now - 10,
  ...change
})
const message = (n: number, uid = 33, mtime = now - 100 + n) => found(`msg.${uid}.${id(n)}`, { uid, mtime })
const fresh = (n: number, change: Partial<DropScan.Found> = {}) =>
  found(`new.33.${id(n)}`, { mode: 0o600, mtime: now - 100 + n, ...change })
const plan = (all: ReadonlyArray<DropScan.Found>, limits = { messages: 2, bytes: 1000 }) => {
  const { remove, take } = DropScan.plan(all, now, limits)
  return { take: take.map(({ name }) => name), remove: remove.map(({ found, why }) => `${found.name}: ${why}`) }
}

describe("DropScan.plan", () => {
  it("takes all messages, whatever their number: the accounts in turns, the oldest first", () =>
    assert.deepStrictEqual(plan([message(3), message(1), message(2), message(9, 34)]), {
      take: [`msg.33.${id(1)}`, `msg.34.${id(9)}`, `msg.33.${id(2)}`, `msg.33.${id(3)}`],
      remove: []
    }))
  it("passes over the trigger and directories", () =>
    assert.deepStrictEqual(plan([found("trigger", { kind: "fifo" }), found("dir", { kind: "directory" })]), {
      take: [],
      remove: []
    }))
  for (const [what, one] of [
    ["another name", found("hello")],
    ["a name with another account's number", found(`msg.34.${id(1)}`)],
    ["a FIFO", found(`msg.33.${id(1)}`, { kind: "fifo" })],
    ["a link", found(`msg.33.${id(1)}`, { kind: "symlink" })],
    ["another mode", found(`msg.33.${id(1)}`, { mode: 0o644 })],
    ["an unfinished file in another's name", found(`new.34.${id(1)}`)]
  ] as const)
    it(`${what} is removed`, () =>
      assert.deepStrictEqual(plan([one]), { take: [], remove: [`${one.name}: it is no message`] }))
  it("leaves what is being written, until it is older than any qmail-queue", () => {
    assert.deepStrictEqual(plan([fresh(1)]), { take: [], remove: [] })
    assert.deepStrictEqual(plan([fresh(1, { mtime: now - 129601 })]).remove, [`new.33.${id(1)}: nobody finished it`])
  })
  it("removes the newest of what is being written beyond what one account may have", () => {
    assert.deepStrictEqual(plan([fresh(1), fresh(2), fresh(3)]).remove, [
      `new.33.${id(3)}: its account has too much there`
    ])
    assert.deepStrictEqual(plan([fresh(1, { bytes: 900 }), fresh(2, { bytes: 200 })]).remove, [
      `new.33.${id(2)}: its account has too much there`
    ])
    assert.deepStrictEqual(plan([fresh(1), fresh(2), fresh(3)], { messages: 0, bytes: 0 }).remove, [])
  })
})
