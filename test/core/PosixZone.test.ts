import { assert, describe, it } from "@effect/vitest"
import * as PosixZone from "../../src/core/PosixZone.ts"

const hour = 3600

describe("PosixZone.offsetAt", () => {
  for (const [zone, hours] of [
    ["", 0],
    ["UTC0", 0],
    ["EST5", -5],
    ["IST-5:30", 5.5],
    ["NST3:30", -3.5],
    ["<+0330>-3:30", 3.5],
    ["XYZ-1:00:36", 1.01],
    ["EST0005", -5],
    ["EST5EDT,", -5],
    ["EST5EDT,M3.2.0", -5],
    ["EST25", -24],
    ["EST+25", -24],
    ["XYZ-1:99:36", 2 - 24 / 3600]
  ] as const)
    it(`${zone || "an empty TZ"} is ${hours} hours east`, () =>
      assert.strictEqual(PosixZone.offsetAt(zone, 820631134), hours * hour))

  for (const zone of ["UTC", "Europe/Berlin", ":EST5", "EST5:", "EST5x", "EST", "5", "E5", "EST5EDT,x,y"])
    it(`${zone} is none`, () => assert.isUndefined(PosixZone.offsetAt(zone, 820631134)))

  // Each pair: the last second before a change, and the offsets of this and the next second.
  for (const [what, zone, last, before, after] of [
    ["March 10, 2024, 2:00 in New York", "EST5EDT", 1710053999, -5, -4],
    ["November 3, 2024, 2:00 in New York", "EST5EDT", 1730613599, -4, -5],
    ["March 31, 2024, 2:00 in Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", 1711846799, 1, 2],
    ["October 27, 2024, 3:00 in Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", 1729990799, 2, 1],
    ["April 7, 2024, 3:00 in Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3", 1712419199, 11, 10],
    ["October 6, 2024, 2:00 in Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3", 1728143999, 10, 11],
    ["March 1 of a leap year, as J60", "AAA0BBB,J60/0,J300/0", 1709251199, 0, 1],
    ["February 29, as day 59", "AAA0BBB,59/0,300/0", 1709164799, 0, 1]
  ] as const)
    it(`changes at ${what}`, () => {
      assert.strictEqual(PosixZone.offsetAt(zone, last), before * hour)
      assert.strictEqual(PosixZone.offsetAt(zone, last + 1), after * hour)
    })
})
