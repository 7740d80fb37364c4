import { assert, describe, it } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import type { Extensions } from "../../../src/core/remote/SmtpAnswer.ts"
import * as SmtpClient from "../../../src/core/remote/SmtpClient.ts"
import type { SmtpTask } from "../../../src/core/remote/SmtpTask.ts"

const task: SmtpTask = {
  classic: true,
  partner: "192.0.2.1",
  helo: "me.example",
  sender: "s@src.example",
  recipients: ["r@dest.example"],
  messageBytes: 14,
  bareCr: "convert",
  esmtp: false,
  knownExtensions: undefined,
  keepOpen: false,
  moveOn: "never"
}
const modern: Extensions = { pipelining: true, eightBit: true, size: true }
const ehlo = "250-x\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n"
const message = "Subject: x\n\nb\n"

interface Course {
  readonly sent: string
  readonly report: string | undefined
  /** What became of the connection. */
  readonly ending: string | undefined
}

/** Each reply is given when everything that was to be sent is sent; `lost` and `late` stand for events. */
const play = (over: Partial<SmtpTask>, replies: ReadonlyArray<string>, text = message): Course => {
  let { commands, state } = SmtpClient.initial({ ...task, ...over })
  let sent = ""
  let report: string | undefined
  let ending: string | undefined
  const left = [...replies]
  for (;;) {
    let event: SmtpClient.Event | undefined
    for (const command of commands)
      switch (command._tag) {
        case "Send":
          sent += fromChunk(command.bytes)
          break
        case "ReadMessage":
          event =
            text === "unreadable"
              ? { _tag: "MessageUnreadable" }
              : { _tag: "MessageRead", bytes: toChunk(text), last: true }
          break
        case "Report":
        case "MoveOn":
          report = (command._tag === "MoveOn" ? "(move on)" : "") + command.text
          break
        case "Release":
        case "Reconnect":
        case "Close":
          ending = command._tag
      }
    if (SmtpClient.isOver(state)) return { sent, report, ending }
    if (event === undefined) {
      const reply = left.shift()
      assert.isDefined(reply, `no reply left after ${JSON.stringify(sent)}`)
      event =
        reply === "lost"
          ? { _tag: "ConnectionLost" }
          : reply === "late"
            ? { _tag: "TimedOut" }
            : { _tag: "Received", bytes: toChunk(reply) }
    }
    const next = SmtpClient.decide(state, event)
    state = next.state
    commands = next.commands
  }
}

const body = "Subject: x\r\n\r\nb\r\n.\r\n"
const upToRcpt = "HELO me.example\r\nMAIL FROM:<s@src.example>\r\nRCPT TO:<r@dest.example>\r\n"
const ok = ["220 hi\r\n", "250 hello\r\n", "250 sender\r\n", "250 recipient\r\n", "354 go\r\n", "250 queued\r\n"]
const said = (text: string) => `Remote host said: ${text}\n`

/** The first replies as if all went well, then this one. */
const at = (stage: number, reply: string) => [...ok.slice(0, stage), reply]

describe("SmtpClient, as qmail-remote", () => {
  it("sends one command at a time, reports, and says QUIT without waiting", () =>
    assert.deepStrictEqual(play({}, ok), {
      sent: `${upToRcpt}DATA\r\n${body}QUIT\r\n`,
      report: `r\0K192.0.2.1 accepted message.\n${said("250 queued")}\0`,
      ending: "Close"
    }))

  for (const [stage, reply, report] of [
    [0, "421 busy", `ZConnected to 192.0.2.1 but greeting failed.\n${said("421 busy")}\0`],
    [0, "554 no", `ZConnected to 192.0.2.1 but greeting failed.\n${said("554 no")}\0`],
    [1, "550 no", `ZConnected to 192.0.2.1 but my name was rejected.\n${said("550 no")}\0`],
    [2, "451 no", `ZConnected to 192.0.2.1 but sender was rejected.\n${said("451 no")}\0`],
    [2, "550 no", `DConnected to 192.0.2.1 but sender was rejected.\n${said("550 no")}\0`],
    [3, "450 no", `s192.0.2.1 does not like recipient.\n${said("450 no")}\0DGiving up on 192.0.2.1.\n\0`],
    [3, "550 no", `h192.0.2.1 does not like recipient.\n${said("550 no")}\0DGiving up on 192.0.2.1.\n\0`],
    [4, "451 no", `r\0Z192.0.2.1 failed on DATA command.\n${said("451 no")}\0`],
    [4, "554 no", `r\0D192.0.2.1 failed on DATA command.\n${said("554 no")}\0`],
    [5, "452 no", `r\0Z192.0.2.1 failed after I sent the message.\n${said("452 no")}\0`],
    [5, "554 no", `r\0D192.0.2.1 failed after I sent the message.\n${said("554 no")}\0`]
  ] as const)
    it(`reports ${reply} at stage ${stage}`, () => {
      const { ending, report: got, sent } = play({}, at(stage, `${reply}\r\n`))
      assert.strictEqual(got, report)
      assert.isTrue(sent.endsWith("QUIT\r\n"))
      assert.strictEqual(ending, "Close")
    })

  for (const how of ["lost", "late"])
    for (let stage = 0; stage < 6; stage++)
      it(`reports a connection that is ${how} at stage ${stage}${stage === 5 ? ": it may be a duplicate" : ""}`, () => {
        const { report, sent } = play({}, at(stage, how))
        const duplicate = stage === 5 ? "Possible duplicate! " : ""
        const recipient = stage > 3 ? "r\0" : ""
        assert.strictEqual(report, `${recipient}ZConnected to 192.0.2.1 but connection died. ${duplicate}(#4.4.2)\n\0`)
        assert.notInclude(sent, "QUIT")
      })

  it("reports each recipient, and goes on if one is accepted", () => {
    const { report, sent } = play({ recipients: ["a@x", "b@x", "c@x"] }, [
      ...ok.slice(0, 3),
      "550 no a\r\n",
      "250 b\r\n",
      "450 not now c\r\n",
      ...ok.slice(4)
    ])
    assert.strictEqual(
      report,
      `h192.0.2.1 does not like recipient.\n${said("550 no a")}\0r\0` +
        `s192.0.2.1 does not like recipient.\n${said("450 not now c")}\0` +
        `K192.0.2.1 accepted message.\n${said("250 queued")}\0`
    )
    assert.include(sent, "RCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nRCPT TO:<c@x>\r\nDATA\r\n")
  })

  it("breaks off a message that it cannot send, without the final dot", () => {
    for (const [text, bareCr, report] of [
      ["a\nb", "convert", "DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n"],
      ["a\rb\n", "refuse", "DMessage contains a bare CR. (#5.6.0)\n"],
      ["unreadable", "convert", "ZUnable to read message. (#4.3.0)\n"]
    ] as const) {
      const course = play({ bareCr }, ok, text)
      assert.deepStrictEqual(course, { sent: `${upToRcpt}DATA\r\n`, report: `r\0${report}\0`, ending: "Close" })
    }
  })

  it("understands a host that says everything at once", () =>
    assert.strictEqual(play({}, [ok.join("")]).report, `r\0K192.0.2.1 accepted message.\n${said("250 queued")}\0`))
})

describe("SmtpClient with EHLO", () => {
  const extended = { esmtp: true }
  const envelope = "MAIL FROM:<s@src.example> SIZE=14 BODY=8BITMIME\r\nRCPT TO:<r@dest.example>\r\nDATA\r\n"

  it("[W114] sends the envelope at once where PIPELINING is offered, with SIZE and BODY", () =>
    assert.deepStrictEqual(play(extended, ["220 hi\r\n", ehlo, ok.slice(2, 5).join(""), "250 queued\r\n"]), {
      sent: `EHLO me.example\r\n${envelope}${body}QUIT\r\n`,
      report: `r\0K192.0.2.1 accepted message.\n${said("250 queued")}\0`,
      ending: "Close"
    }))

  it("[W114] goes back to HELO where EHLO is unknown, and sends one command at a time", () =>
    assert.strictEqual(
      play(extended, ["220 hi\r\n", "502 what\r\n", ...ok.slice(1)]).sent,
      `EHLO me.example\r\n${upToRcpt}DATA\r\n${body}QUIT\r\n`
    ))

  it("does not go back to HELO where the host asks for patience", () =>
    assert.strictEqual(
      play(extended, ["220 hi\r\n", "450 later\r\n"]).report,
      `ZConnected to 192.0.2.1 but my name was rejected.\n${said("450 later")}\0`
    ))

  it("blames the sender, not what followed from his refusal", () =>
    assert.strictEqual(
      play({ ...extended, keepOpen: true }, ["220 hi\r\n", ehlo, "550 not you\r\n503 b\r\n503 c\r\n"]).report,
      `DConnected to 192.0.2.1 but sender was rejected.\n${said("550 not you")}\0`
    ))
})

describe("[W105] SmtpClient on a connection that is kept", () => {
  const again = { esmtp: true, knownExtensions: modern, keepOpen: true }

  it("begins with RSET and the envelope in one piece, and leaves the connection open", () =>
    assert.deepStrictEqual(play(again, [`250 reset\r\n${ok.slice(2, 5).join("")}`, "250 queued\r\n"]), {
      sent: `RSET\r\nMAIL FROM:<s@src.example> SIZE=14 BODY=8BITMIME\r\nRCPT TO:<r@dest.example>\r\nDATA\r\n${body}`,
      report: `r\0K192.0.2.1 accepted message.\n${said("250 queued")}\0`,
      ending: "Release"
    }))

  it("is still good after a refusal whose replies have all come", () => {
    for (const replies of ["250 r\r\n550 s\r\n503 r\r\n503 d\r\n", "250 r\r\n250 s\r\n550 r\r\n503 d\r\n"])
      assert.strictEqual(play(again, [replies]).ending, "Release")
    assert.strictEqual(play(again, ["250 r\r\n250 s\r\n250 r\r\n354 d\r\n", "554 spam\r\n"]).ending, "Release")
  })

  it("is closed after 421", () =>
    assert.strictEqual(play(again, ["250 r\r\n250 s\r\n250 r\r\n354 d\r\n", "421 bye\r\n"]).ending, "Close"))

  for (const first of ["lost", "421 idle too long\r\n", "500 what\r\n"])
    it(`is replaced by a fresh one if it turns out to be of no use: ${JSON.stringify(first)}`, () => {
      const { ending, report } = play(again, [first])
      assert.strictEqual(ending, "Reconnect")
      assert.isUndefined(report)
    })
})

describe("[W98] SmtpClient moves on to another host", () => {
  for (const [moveOn, stage, reply, moves] of [
    ["never", 0, "421 busy", false],
    ["greeting", 0, "421 busy", true],
    ["greeting", 1, "550 no", true],
    ["greeting", 2, "451 no", false],
    ["temporary", 0, "554 no", true],
    ["temporary", 2, "451 no", true],
    ["temporary", 2, "550 no", false]
  ] as const)
    it(`${moves ? "" : "not "}after ${reply} at stage ${stage} if mxtry says ${moveOn}`, () =>
      assert.strictEqual(play({ moveOn }, at(stage, `${reply}\r\n`)).report?.startsWith("(move on)"), moves))
})
