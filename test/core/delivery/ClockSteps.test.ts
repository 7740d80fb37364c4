/** Driven through the machine that owns the times: delivery/ClockSteps.ts" is part of SendLoop. */
import { assert, describe, it } from "@effect/vitest"
import { mapOf, setOf } from "../../../src/core/control/ControlMap.ts"
import * as ClockSteps from "../../../src/core/delivery/ClockSteps.ts"
import * as SendLoop from "../../../src/core/delivery/SendLoop.ts"
import type { Settings } from "../../../src/core/delivery/SendSettings.ts"
import type { Fact } from "../../../src/core/delivery/SendState.ts"
import { heldUntil } from "../../../src/core/queue/QueuedMessage.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"

const month = 30 * 86_400
const start = 1_000_000_000

const settings: Settings = {
  classic: false,
  split: 1,
  routes: { locals: setOf([]), virtualdomains: mapOf([]), percenthack: setOf([]), envnoathost: "here" },
  lifetime: 604_800,
  concurrency: { local: 2, remote: 2 },
  concurrencyTotal: undefined,
  concurrencyBounce: 1,
  passQuantum: 0,
  classicPass: true,
  syncBounce: true,
  autoreload: 0,
  bounce: { from: "MAILER-DAEMON", host: "here", doubleTo: "postmaster@here" },
  patience: undefined
}

/** A sender that has read an empty queue, and looks into the time that a test gives it. */
const running = (classic: boolean, messages: Extract<Fact, { _tag: "QueueRead" }>["messages"] = []) => {
  const { state } = SendLoop.initial({
    now: EpochSeconds(start),
    settings: { ...settings, classic }
  })
  const at = (time: number, fact: Fact = { _tag: "Woke" }): ReadonlyArray<SendLoop.Command> =>
    SendLoop.decide(state, { now: EpochSeconds(time), fact }).commands
  const first = at(start, { _tag: "QueueRead", subdirectory: 0, messages })
  at(start, { _tag: "TodoListed", ids: [] })
  at(start, { _tag: "MessSwept", subdirectory: 0, abandoned: [] })
  at(start, { _tag: "NotesTaken", ok: true, notes: [] })
  const orders = (time: number, fact?: Fact) => at(time, fact).map((command) => command._tag)
  return { state, at, first, orders }
}

const remote = (id: string, due: number) => ({ id, due: { remote: EpochSeconds(due) } })

describe("a clock that is set back 30 days while qmail-send runs", () => {
  it("in our homes every wait keeps its length", () => {
    const { orders, state } = running(false, [remote("7", start + 400)])
    const back = start + 100 - month
    assert.deepStrictEqual(orders(start + 100), [])
    assert.deepStrictEqual(orders(back), [])
    assert.strictEqual(SendLoop.wakeAt(state), back + 300)
    assert.deepStrictEqual(orders(back + 299), [])
    assert.deepStrictEqual(orders(back + 300), ["OpenPass"])
  })
  it("in a qmail home mail waits until the clock is there again, as in qmail-send", () => {
    const { orders, state } = running(true, [remote("7", start + 400)])
    orders(start + 100)
    orders(start + 100 - month)
    assert.strictEqual(SendLoop.wakeAt(state), start + 400)
  })
  it("what the administrator holds stays held", () => {
    const { orders, state } = running(false, [remote("7", heldUntil)])
    orders(start - month)
    assert.notInclude(orders(heldUntil - 1), "OpenPass")
    assert.isAtMost(SendLoop.wakeAt(state)!, heldUntil)
  })
  it("what had failed is tried again after the same time, and todo/ is looked at as often as before", () => {
    const { orders } = running(false, [{ id: "7", due: {}, trouble: "remote/0/7" }])
    assert.deepStrictEqual(orders(start - month), [])
    assert.include(orders(start - month + 123), "LookUpMessage")
    assert.include(orders(start - month + 1500), "ListTodo")
  })
  it("a message whose pass was open then is tried again by the new clock", () => {
    const { at, orders, state } = running(false, [remote("7", start)])
    at(start, {
      _tag: "PassOpened",
      id: "7",
      channel: "remote",
      sender: "s@x",
      birth: EpochSeconds(start),
      records: [{ position: 0, done: false, recipient: "r@y" }],
      next: { _tag: "End" }
    })
    at(start - month, { _tag: "Reported", channel: "remote", slot: 0, report: "Zno\n" })
    at(start - month, { _tag: "DueTimeStamped", channel: "remote", id: "7" })
    assert.isAtMost(SendLoop.wakeAt(state)!, start - month + 400)
    assert.include(orders(start - month + 400), "OpenPass")
  })
})

describe("ClockSteps.dueAt: a queue whose times are in the future when qmail-send starts", () => {
  const dueAt = (classic: boolean, stamped: number) => {
    const { state } = running(classic)
    return ClockSteps.dueAt({ now: EpochSeconds(start), state, commands: [] }, "remote", EpochSeconds(stamped)) - start
  }
  for (const [what, stamped, own, classic] of [
    ["30 days ahead", month, 31_480, month],
    ["the longest wait of the schedule", 31_480, 31_480, 31_480],
    ["the past", -5, -5, -5],
    ["held by the administrator", heldUntil - start, heldUntil - start, heldUntil - start]
  ] as const)
    it(what, () =>
      assert.deepStrictEqual([dueAt(false, start + stamped), dueAt(true, start + stamped)], [own, classic])
    )

  it("the file is told, so that who looks at the queue sees when mail is tried", () => {
    const { first, state } = running(false, [remote("7", start + month)])
    assert.deepInclude(first, { _tag: "StampDueTime", id: "7", channel: "remote", at: EpochSeconds(start + 31_480) })
    assert.isFalse(SendLoop.isOver(state))
    assert.notInclude(
      running(true, [remote("7", start + month)]).first.map(({ _tag }) => _tag),
      "StampDueTime"
    )
  })
})
