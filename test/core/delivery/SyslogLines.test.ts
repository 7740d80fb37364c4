import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as SyslogLines from "../../../src/core/delivery/SyslogLines.ts"

const micros = 848_700_000_000_042
const stamp = "848700000.000042"

const logged = (input: string, facility?: string, pieces = [input]) => {
  let state = SyslogLines.initial(facility)
  return pieces.flatMap((piece, i) => {
    const step = SyslogLines.feed(state, toChunk(piece), micros + i)
    state = step.state
    return step.lines.map(({ priority, text }) => `<${priority}>${text}`)
  })
}

describe("SyslogLines.feed", () => {
  const long = "y".repeat(800)
  for (const [what, input, lines] of [
    ["a line is of the facility mail, for information", "hello\n", [`<22>${stamp} hello`]],
    ["a warning", "warning: x\n", [`<20>${stamp} warning: x`]],
    ["an alert", "alert: y\n", [`<17>${stamp} alert: y`]],
    [
      "only at the start, and only so",
      " alert: y\nWARNING: y\n",
      [`<22>${stamp}  alert: y`, `<22>${stamp} WARNING: y`]
    ],
    ["empty lines are dropped", "\n\na\n\n", [`<22>${stamp} a`]],
    ["an unfinished last line is dropped", "a\nb", [`<22>${stamp} a`]],
    ["what cannot be printed", "a\tb\0\x7f\xe4\n", [`<22>${stamp} a?b???`]],
    ["799 bytes are one line", `${long.slice(1)}\n`, [`<22>${stamp} ${long.slice(1)}`]],
    [
      "more are cut; the rest has the same stamp and weight",
      `warning: ${long}\nnext\n`,
      [`<20>${stamp} warning: ${long.slice(0, 790)}`, `<20>${stamp}+${"y".repeat(10)}`, `<22>${stamp} next`]
    ],
    ["800 unfinished bytes have said 799", long, [`<22>${stamp} ${long.slice(1)}`]],
    ["801 unfinished bytes", `${long}y`, [`<22>${stamp} ${long.slice(1)}`]]
  ] as const)
    it(what, () => {
      assert.deepStrictEqual(logged(input), [...lines])
      assert.deepStrictEqual(
        logged(input, undefined, [...input]).map((line) => line.replace(/\.\d{6}/, ".000042")),
        logged(input)
      )
    })

  for (const [facility, priority] of [
    ["0", 6],
    ["3", 30],
    ["5x", 46],
    ["none", 6],
    ["500", 14]
  ] as const)
    it(`facility ${facility} gives priority ${priority}`, () =>
      assert.deepStrictEqual(logged("a\n", facility), [`<${priority}>${stamp} a`]))
})

describe("SyslogLines.loggerTakes", () => {
  for (const [facility, takes] of [
    ["0", false],
    ["1", true],
    ["23", true],
    ["24", false],
    ["127", false],
    ["128", true]
  ] as const)
    it(`${takes ? "" : "not "}facility ${facility}`, () =>
      assert.strictEqual(SyslogLines.loggerTakes(SyslogLines.initial(facility)), takes))
  it("but takes what it refuses as the user's", () =>
    assert.isTrue(SyslogLines.loggerTakes(SyslogLines.asUser(SyslogLines.initial("0")))))
})
