import { assert, describe, it } from "@effect/vitest"
import * as SmtpLoss from "../../../src/core/remote/SmtpLoss.ts"

type Kind = Pick<SmtpLoss.Loss, "isUsed" | "task">

const settings = { classic: false, esmtp: true, moveOn: "never" } as const
const fresh: Kind = { isUsed: false, task: settings }
const used: Kind = { isUsed: true, task: settings }
const helo = (over: Partial<SmtpLoss.Loss["task"]>): Kind => ({
  isUsed: false,
  task: { ...settings, esmtp: false, ...over }
})

type Row = readonly [what: string, kind: Kind, stage: SmtpLoss.Stage, cause: SmtpLoss.Cause, remedy: SmtpLoss.Remedy]

const rows: ReadonlyArray<Row> = [
  ["a used connection", used, "rset", "ended", "begin again"],
  ["a used connection", used, "rset", "timed out", "begin again"],
  ["a used connection", used, "mail", "closing", "begin again"],
  ["a used connection", used, "rcpt", "garbled", "begin again"],
  ["a used connection", used, "data", "ended", "begin again"],
  ["a used connection", used, "mail", "timed out", "report"],
  ["a used connection", used, "dot", "ended", "report"],
  ["a used connection", used, "dot", "closing", "report"],
  ["a fresh connection", fresh, "ehlo", "ended", "begin again with HELO"],
  ["a fresh connection", fresh, "ehlo", "closing", "begin again with HELO"],
  ["a fresh connection", fresh, "ehlo", "timed out", "report"],
  ["a fresh connection", fresh, "helo", "ended", "begin again with HELO"],
  ["one without EHLO", helo({}), "helo", "ended", "report"],
  ["a fresh connection", fresh, "mail", "ended", "report"],
  ["a fresh connection", fresh, "mail", "closing", "report"],
  ["a fresh connection", fresh, "greeting", "ended", "try another host"],
  ["a fresh connection", fresh, "greeting", "timed out", "try another host"],
  ["a fresh connection, classic", helo({ classic: true }), "greeting", "ended", "report"],
  ["mxtry greeting", helo({ moveOn: "greeting" }), "helo", "ended", "try another host"],
  ["mxtry greeting", helo({ moveOn: "greeting" }), "mail", "ended", "report"],
  ["mxtry any4", helo({ moveOn: "temporary" }), "data", "ended", "try another host"],
  ["mxtry any4", helo({ moveOn: "temporary" }), "dot", "ended", "report"]
]

describe("SmtpLoss.remedy", () => {
  for (const [what, kind, stage, cause, remedy] of rows)
    it(`${remedy}: ${what}, ${cause} at ${stage}`, () =>
      assert.strictEqual(SmtpLoss.remedy({ ...kind, stage, cause, accepted: true, isSettled: false }), remedy))

  it("has nothing to ask when all recipients are refused, and nothing to add when the report is known", () => {
    for (const kind of [fresh, used]) {
      const loss = { ...kind, stage: "data", cause: "ended" } as const
      assert.strictEqual(SmtpLoss.remedy({ ...loss, accepted: false, isSettled: false }), "give up")
      assert.strictEqual(SmtpLoss.remedy({ ...loss, accepted: true, isSettled: true }), "report")
    }
  })
})
