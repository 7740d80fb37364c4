import { assert, describe, it } from "@effect/vitest"
import * as RetrySchedule from "../../../src/core/retry/RetrySchedule.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"

const birth = EpochSeconds(1_000_000_000)
const week = 604_800
const planAt = (age: number, channel: "local" | "remote" = "remote", classic = false, lifetime = week) =>
  RetrySchedule.plan({ channel, birth, now: EpochSeconds(birth + age), lifetime, classic })

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

  for (const [name, classic] of [
    ["a qmail home", true],
    ["our homes", false]
  ] as const)
    it(`${name}: before the end of its lifetime no message waits otherwise than by its age`, () => {
      for (const lifetime of [0, 1, 3600, week])
        for (const age of [0, 1, 59, 3600, 3601, 360_000, week].filter((age) => age <= lifetime))
          for (const [channel, step] of [
            ["local", 10],
            ["remote", 20]
          ] as const)
            assert.strictEqual(
              planAt(age, channel, classic, lifetime).retryAt - birth,
              (Math.floor(Math.sqrt(age)) + step) ** 2
            )
    })

  describe("a clock that was set back 30 days", () => {
    const back = -30 * 86_400
    for (const [channel, wait, longest] of [
      ["local", 100, 15_640],
      ["remote", 400, 31_480]
    ] as const) {
      it(`in a qmail home, ${channel}: 30 days`, () =>
        assert.strictEqual(planAt(back, channel, true).retryAt, birth + wait))
      it(`in our homes, ${channel}: the longest wait of the schedule`, () =>
        assert.strictEqual(planAt(back, channel).retryAt, birth + back + longest))
      it(`in our homes, ${channel}: a time that was planned before counts no longer than that`, () => {
        const now = EpochSeconds(birth + back)
        const within = (at: number) => RetrySchedule.within({ channel, now, lifetime: week }, EpochSeconds(at)) - now
        assert.strictEqual(within(birth + wait), longest)
        assert.strictEqual(within(now + longest - 1), longest - 1)
        assert.strictEqual(within(now - 5), -5)
      })
    }
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
