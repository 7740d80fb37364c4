import { assert, describe, it } from "@effect/vitest"
import * as RetrySchedule from "../../../src/core/retry/RetrySchedule.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"

const birth = EpochSeconds(1_000_000_000)
const week = 604_800
const planAt = (age: number, channel: "local" | "remote" = "remote") =>
  RetrySchedule.plan({ channel, birth, now: EpochSeconds(birth + age), lifetime: week })

describe("RetrySchedule.plan", () => {
  for (const [age, local, remote] of [
    [0, 100, 400],
    [99, 361, 841],
    [100, 400, 900],
    [3600, 4900, 6400],
    [604_800, 619_369, 635_209],
    [-30, 100, 400] // the clock was set back
  ] as const)
    it(`at age ${age} waits until ${local} local, ${remote} remote`, () => {
      assert.strictEqual(planAt(age, "local").retryAt - birth, local)
      assert.strictEqual(planAt(age, "remote").retryAt - birth, remote)
    })

  it("always plans ahead, at and around every square in two weeks", () => {
    for (let root = 0; root * root <= 2 * week; root++)
      for (const age of [root * root - 1, root * root, root * root + 1])
        assert.isAbove(planAt(age, "local").retryAt, birth + age)
  })

  it("makes the last attempt one second past the lifetime, not at it", () => {
    assert.strictEqual(planAt(week).lastAttempt, false)
    assert.strictEqual(planAt(week + 1).lastAttempt, true)
  })
  it("[W87] tries 40 times in a week to reach a host, and 79 times a mailbox", () => {
    for (const [channel, tries] of [
      ["remote", 40],
      ["local", 79]
    ] as const) {
      let age = 0
      let count = 1
      for (; !planAt(age, channel).lastAttempt; count++) age = planAt(age, channel).retryAt - birth
      assert.strictEqual(count, tries)
    }
  })
})
