import { assert, describe, it } from "@effect/vitest"
import * as DeliveryLoop from "../../../src/core/local/DeliveryLoop.ts"
import { toChunk } from "../../../src/core/Bytes.ts"

const line = "Delivered-To: joe@x\n"

/** The same bytes in pieces of this many. */
const verdict = (message: string, piece: number): string => {
  let scan = DeliveryLoop.begin(line)
  for (let at = 0; at < message.length && scan.verdict === "unknown"; at += piece)
    scan = DeliveryLoop.feed(scan, toChunk(message.slice(at, at + piece)))
  return scan.verdict
}

describe("DeliveryLoop", () => {
  for (const [what, message, expected] of [
    ["the first line", `${line}\nbody\n`, "looping"],
    ["a later line", `A: b\nC: d\n${line}E: f\n\nbody\n`, "looping"],
    ["a header without a body", line, "looping"],
    ["a line with nothing but CR does not end the header", `A: b\n\r\n${line}`, "looping"],
    ["in the body", `A: b\n\n${line}`, "fine"],
    ["an empty header", `\n${line}`, "fine"],
    ["another case", `DELIVERED-TO: JOE@X\n\n`, "fine"],
    ["a longer line", "Delivered-To: joe@x.y\n\n", "fine"],
    ["a shorter line", "Delivered-To: joe@\n\n", "fine"],
    ["a blank at its end", "Delivered-To: joe@x \n\n", "fine"],
    ["a continuation", `A: b\n ${line}\n`, "fine"],
    ["no line feed at the end", line.slice(0, -1), "unknown"],
    ["an empty message", "", "unknown"]
  ] as const)
    it(`${what}: ${expected}, whole and byte by byte`, () => {
      for (const piece of [100, 1, 2, 7]) assert.strictEqual(verdict(message, piece), expected)
    })
})
