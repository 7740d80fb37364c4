import { assert, describe, it } from "@effect/vitest"
import * as Time from "../../src/core/Time.ts"

describe("Time", () => {
  for (const [seconds, date, ctime, stamp] of [
    [820631134, "3 Jan 1996 01:05:34 -0000", "Wed Jan 03 01:05:34 1996", "19960103010534"],
    [0, "1 Jan 1970 00:00:00 -0000", "Thu Jan 01 00:00:00 1970", "19700101000000"],
    [951782399, "28 Feb 2000 23:59:59 -0000", "Mon Feb 28 23:59:59 2000", "20000228235959"],
    [951782400, "29 Feb 2000 00:00:00 -0000", "Tue Feb 29 00:00:00 2000", "20000229000000"],
    [4102444800, "1 Jan 2100 00:00:00 -0000", "Fri Jan 01 00:00:00 2100", "21000101000000"],
    [4294967296, "7 Feb 2106 06:28:16 -0000", "Sun Feb 07 06:28:16 2106", "21060207062816"]
  ] as const)
    it(`writes ${seconds} as ${date}`, () => {
      assert.strictEqual(Time.date822(seconds), date)
      assert.strictEqual(Time.ctime(seconds), ctime)
      assert.strictEqual(Time.compactStamp(seconds), stamp)
    })
  it("knows every day of two centuries in order", () => {
    let before = Time.calendar(-86400)
    for (let day = 0; day < 73000; day++) {
      const now = Time.calendar(day * 86400)
      assert.strictEqual(now.weekday, (before.weekday + 1) % 7)
      const isNext =
        (now.day === before.day + 1 && now.month === before.month) ||
        (now.day === 1 && now.month === (before.month + 1) % 12)
      assert.isTrue(isNext)
      before = now
    }
  })
})
