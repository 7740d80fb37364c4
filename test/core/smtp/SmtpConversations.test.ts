import { assert, describe, it } from "@effect/vitest"
import type { SmtpTask } from "../../../src/core/remote/SmtpTask.ts"
import * as SmtpPeer from "./SmtpPeer.ts"

const { shapes, task } = SmtpPeer

/** The same course of events on each kind of connection: fresh or used before, with PIPELINING or without. */

const said = (text: string) => `Remote host said: ${text}\n`
const accepted = `r\0K192.0.2.1 accepted message.\n${said("250 queued")}\0`
const body = "Subject: x\r\n\r\nb\r\n.\r\n"

for (const [name, { isFresh, pipelining, task }] of Object.entries(shapes))
  describe(`SmtpClient on ${name}`, () => {
    const talk = (task: SmtpTask, script: SmtpPeer.Script, manner: SmtpPeer.Manner = {}) =>
      SmtpPeer.talk(task, script, manner, pipelining)
    const opening = isFresh ? "EHLO me.example\r\n" : "RSET\r\n"
    const envelope = "MAIL FROM:<s@src.example>\r\nRCPT TO:<r@dest.example>\r\nDATA\r\n"

    for (const how of ["as they come", "byte by byte"] as const)
      it(`delivers, replies ${how}, and leaves the connection open`, () =>
        assert.deepStrictEqual(talk(task, {}, { byteByByte: how === "byte by byte" }), {
          sent: `${opening}${envelope}${body}`,
          report: accepted,
          ending: "Release"
        }))

    it("says QUIT if the connection is not to be kept", () =>
      assert.deepStrictEqual(talk({ ...task, keepOpen: false }, {}), {
        sent: `${opening}${envelope}${body}QUIT\r\n`,
        report: accepted,
        ending: "Close"
      }))

    it("asks for each recipient in turn, and goes on if one is accepted", () =>
      assert.strictEqual(
        talk({ ...task, recipients: ["a@x", "b@x", "c@x"] }, { RCPT: ["550 no a", "250 b", "450 not now c"] }).report,
        `h192.0.2.1 does not like recipient.\n${said("550 no a")}\0r\0` +
          `s192.0.2.1 does not like recipient.\n${said("450 not now c")}\0` +
          `K192.0.2.1 accepted message.\n${said("250 queued")}\0`
      ))

    for (const [stage, reply, report] of [
      ["MAIL", "451 no", `ZConnected to 192.0.2.1 but sender was rejected.\n${said("451 no")}\0`],
      ["MAIL", "550 no", `DConnected to 192.0.2.1 but sender was rejected.\n${said("550 no")}\0`],
      ["RCPT", "450 no", `s192.0.2.1 does not like recipient.\n${said("450 no")}\0DGiving up on 192.0.2.1.\n\0`],
      ["RCPT", "550 no", `h192.0.2.1 does not like recipient.\n${said("550 no")}\0DGiving up on 192.0.2.1.\n\0`],
      ["DATA", "451 no", `r\0Z192.0.2.1 failed on DATA command.\n${said("451 no")}\0`],
      ["DATA", "554 no", `r\0D192.0.2.1 failed on DATA command.\n${said("554 no")}\0`],
      ["message", "452 no", `r\0Z192.0.2.1 failed after I sent the message.\n${said("452 no")}\0`],
      ["message", "554 no", `r\0D192.0.2.1 failed after I sent the message.\n${said("554 no")}\0`]
    ] as const)
      it(`reports ${reply} at ${stage}, and leaves the connection open`, () => {
        const course = talk(task, { [stage]: reply })
        assert.strictEqual(course.report, report)
        assert.strictEqual(course.ending, "Release")
      })

    for (const how of ["lost", "late"])
      it(`reports a connection that is ${how} after the message: it may be a duplicate`, () => {
        const course = talk(task, { message: how })
        assert.strictEqual(
          course.report,
          "r\0ZConnected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)\n\0"
        )
        assert.strictEqual(course.ending, "Close")
      })

    it("breaks off a message that it cannot send, without the final dot", () => {
      for (const [text, report] of [
        ["a\nb", "DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n"],
        ["unreadable", "ZUnable to read message. (#4.3.0)\n"]
      ] as const)
        assert.deepStrictEqual(talk(task, {}, { text }), {
          sent: `${opening}${envelope}`,
          report: `r\0${report}\0`,
          ending: "Close"
        })
    })

    it("announces what the host can do, known from the connection's first EHLO or from this one", () => {
      const all = { ...task, ...(task.knownExtensions && { knownExtensions: { ...task.knownExtensions, ...more } }) }
      assert.include(
        talk(all, {}, { offers: ["SIZE", "8BITMIME"] }).sent,
        "MAIL FROM:<s@src.example> SIZE=14 BODY=8BITMIME\r\n"
      )
    })
    const more = { size: true, eightBit: true }
  })

const used = Object.entries(shapes).filter(([, { isFresh }]) => !isFresh)
const fresh = Object.entries(shapes).filter(([, { isFresh }]) => isFresh)
const died = "ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n\0"

describe("SmtpClient whose host has had enough of a connection", () => {
  for (const [name, { pipelining, task }] of used) {
    for (const stage of ["RSET", "MAIL", "RCPT", "DATA"] as const)
      for (const reply of ["421 enough", "lost"])
        it(`begins again on a fresh one: ${name}, ${reply} at ${stage}`, () => {
          const { ending, report } = SmtpPeer.talk(task, { [stage]: reply }, {}, pipelining)
          assert.deepStrictEqual({ ending, report }, { ending: "Reconnect", report: undefined })
        })

    it(`begins again when one of two recipients was answered: ${name}`, () => {
      const two = { ...task, recipients: ["a@x", "b@x"] }
      for (const first of ["250 a", "550 no a", "450 not now a"])
        for (const second of ["421 enough", "lost"])
          assert.strictEqual(
            SmtpPeer.talk(two, { RCPT: [first, second] }, {}, pipelining).ending,
            "Reconnect",
            `${first}, ${second}`
          )
    })

    it(`begins again when RSET is refused, or never answered: ${name}`, () => {
      for (const reply of ["451 what", "500 what", "late"])
        assert.strictEqual(SmtpPeer.talk(task, { RSET: reply }, {}, pipelining).ending, "Reconnect")
    })

    it(`waits no second time for a host that is there and slow: ${name}`, () => {
      for (const stage of ["MAIL", "RCPT"])
        assert.strictEqual(SmtpPeer.talk(task, { [stage]: "late" }, {}, pipelining).report, died)
    })

    it(`does not begin again after the message: ${name}`, () =>
      assert.strictEqual(
        SmtpPeer.talk(task, { message: "421 enough" }, {}, pipelining).report,
        `r\0Z192.0.2.1 failed after I sent the message.\n${said("421 enough")}\0`
      ))
  }

  const pipelined = shapes["a used connection with PIPELINING"].task
  for (const end of ["421 enough", "lost"]) {
    it(`keeps to a refusal that it has heard already: ${end} after it`, () =>
      assert.strictEqual(
        SmtpPeer.talk(pipelined, { MAIL: "550 not you", RCPT: end }, {}, true).report,
        `DConnected to 192.0.2.1 but sender was rejected.\n${said("550 not you")}\0`
      ))

    it(`has nothing more to ask when all recipients are refused: ${end} at DATA`, () =>
      assert.strictEqual(
        SmtpPeer.talk(pipelined, { RCPT: "550 no", DATA: end }, {}, true).report,
        `h192.0.2.1 does not like recipient.\n${said("550 no")}\0DGiving up on 192.0.2.1.\n\0`
      ))
  }

  for (const [name, { pipelining, task }] of fresh) {
    for (const [stage, report] of [
      ["MAIL", `ZConnected to 192.0.2.1 but sender was rejected.\n${said("421 enough")}\0`],
      ["RCPT", `s192.0.2.1 does not like recipient.\n${said("421 enough")}\0DGiving up on 192.0.2.1.\n\0`],
      ["DATA", `r\0Z192.0.2.1 failed on DATA command.\n${said("421 enough")}\0`]
    ] as const)
      it(`waits and closes the connection: ${name}, 421 at ${stage}`, () => {
        const course = SmtpPeer.talk(task, { [stage]: "421 enough" }, {}, pipelining)
        assert.deepStrictEqual([course.report, course.ending], [report, "Close"])
      })

    it(`waits: ${name}, lost at MAIL`, () => {
      const course = SmtpPeer.talk(task, { MAIL: "lost" }, {}, pipelining)
      assert.deepStrictEqual([course.report, course.ending], [died, "Close"])
    })
  }
})

describe("SmtpClient whose host ends the connection at EHLO", () => {
  const { task } = shapes["a fresh connection"]
  for (const [script, ending, report] of [
    [{ EHLO: "lost" }, "Reconnect with HELO", undefined],
    [{ EHLO: "421 goodbye" }, "Reconnect with HELO", undefined],
    [{ EHLO: "500 what", HELO: "lost" }, "Reconnect with HELO", undefined],
    [{ EHLO: "500 what", HELO: "421 too many errors" }, "Reconnect with HELO", undefined],
    [{ EHLO: "late" }, "Close", died],
    [{ greeting: "lost" }, "Close", `(move on)${died}`]
  ] as const)
    it(`${report === undefined ? "says HELO over another one" : "waits"}: ${JSON.stringify(script)}`, () => {
      const course = SmtpPeer.talk(task, script)
      assert.deepStrictEqual([course.ending, course.report], [ending, report])
    })

  it("does so once", () => {
    const helo = { ...task, esmtp: false }
    assert.deepStrictEqual(SmtpPeer.talk(helo, { HELO: "lost" }), {
      sent: "HELO me.example\r\n",
      report: died,
      ending: "Close"
    })
    assert.strictEqual(
      SmtpPeer.talk(helo, { HELO: "421 goodbye" }).report,
      `ZConnected to 192.0.2.1 but my name was rejected.\n${said("421 goodbye")}\0`
    )
    assert.strictEqual(SmtpPeer.talk(helo, {}).ending, "Release")
  })
})

describe("[W98] SmtpClient whose host is lost tries another one", () => {
  const { task } = shapes["a fresh connection"]
  const helo = { ...task, esmtp: false }
  for (const [moveOn, classic, stage, moves] of [
    ["never", false, "greeting", true],
    ["never", true, "greeting", false],
    ["greeting", true, "greeting", true],
    ["never", false, "HELO", false],
    ["greeting", false, "HELO", true],
    ["greeting", false, "MAIL", false],
    ["temporary", false, "MAIL", true],
    ["temporary", false, "RCPT", true],
    ["temporary", false, "DATA", true],
    ["temporary", false, "message", false]
  ] as const)
    for (const how of ["lost", "late"])
      it(`${moves ? "" : "not "}if it is ${how} at ${stage}, mxtry says ${moveOn}${classic ? ", classic" : ""}`, () => {
        const { report } = SmtpPeer.talk({ ...helo, classic, moveOn }, { [stage]: how })
        assert.strictEqual(report!.startsWith("(move on)"), moves)
        assert.include(report!, "Connected to 192.0.2.1 but connection died.")
      })
})

describe("SmtpClient whose host says 354 though nobody is to get the message", () => {
  const pipelined = Object.entries(shapes).filter(([, { pipelining }]) => pipelining)
  for (const [name, { task }] of pipelined)
    for (const [what, script, report] of [
      [
        "the sender",
        { MAIL: "550 no", RCPT: "503 no" },
        `DConnected to 192.0.2.1 but sender was rejected.\n${said("550 no")}\0`
      ],
      [
        "the recipient",
        { RCPT: "550 no" },
        `h192.0.2.1 does not like recipient.\n${said("550 no")}\0DGiving up on 192.0.2.1.\n\0`
      ]
    ] as const) {
      for (const [reply, ending] of [
        ["250 queued", "Release"],
        ["554 no valid recipients", "Release"],
        ["421 goodbye", "Close"],
        ["lost", "Close"]
      ] as const)
        it(`sends a lone dot, and reports what was refused: ${what}, ${name}, ${reply}`, () => {
          const course = SmtpPeer.talk(task, { ...script, DATA: "354 go", message: reply }, {}, true)
          assert.isTrue(course.sent.endsWith(ending === "Release" || reply === "lost" ? "DATA\r\n.\r\n" : "QUIT\r\n"))
          assert.deepStrictEqual([course.report, course.ending], [report, ending])
        })

      it(`says QUIT behind the dot if the connection is not to be kept: ${what}, ${name}`, () => {
        const course = SmtpPeer.talk({ ...task, keepOpen: false }, { ...script, DATA: "354 go" }, {}, true)
        assert.isTrue(course.sent.endsWith("DATA\r\n.\r\nQUIT\r\n"))
        assert.strictEqual(course.report, report)
      })
    }

  it("hears all replies before it tries another host, and says QUIT when they have come", () => {
    const { task } = shapes["a fresh connection with PIPELINING"]
    const course = SmtpPeer.talk(
      { ...task, moveOn: "temporary", keepOpen: false },
      { MAIL: "451 no", DATA: "354 go" },
      {},
      true
    )
    assert.isTrue(course.sent.endsWith("DATA\r\n.\r\nQUIT\r\n"))
    assert.strictEqual(course.report, `(move on)ZConnected to 192.0.2.1 but sender was rejected.\n${said("451 no")}\0`)
  })
})

describe("[W102] SmtpClient whose host replies with what is no reply", () => {
  const broken = (reply: string, more = "") =>
    `ZConnected to 192.0.2.1 but its reply is a protocol error (#4.5.0).${more}\n${said(reply)}\0`

  for (const [name, { isFresh, pipelining, task }] of Object.entries(shapes))
    for (const reply of ["25", "2x0 ok", "ok", "", "150 wait", "999 no"]) {
      for (const [stage, before] of [
        ["MAIL", ""],
        ["RCPT", ""],
        ["DATA", "r\0"]
      ] as const)
        it(`${isFresh ? "waits" : "begins again"}: ${name}, ${JSON.stringify(reply)} at ${stage}`, () => {
          const course = SmtpPeer.talk(task, { [stage]: reply }, {}, pipelining)
          assert.deepStrictEqual(
            [course.report, course.ending],
            isFresh ? [before + broken(reply), "Close"] : [undefined, "Reconnect"]
          )
        })

      it(`takes it for no acceptance: ${name}, ${JSON.stringify(reply)} after the message`, () => {
        const course = SmtpPeer.talk(task, { message: reply }, {}, pipelining)
        assert.deepStrictEqual([course.report, course.ending], [`r\0${broken(reply, " Possible duplicate!")}`, "Close"])
      })
    }

  it("says HELO behind it, as behind a refusal of EHLO", () =>
    assert.match(
      SmtpPeer.talk(shapes["a fresh connection"].task, { EHLO: "25" }).sent,
      /^EHLO me\.example\r\nHELO me\.example\r\nMAIL FROM/
    ))

  it("takes asking for more for no acceptance", () =>
    assert.strictEqual(
      SmtpPeer.talk(shapes["a fresh connection"].task, { message: "354 go on" }).report,
      `r\0${broken("354 go on", " Possible duplicate!")}`
    ))

  it("sends no text to a host that does not ask for it: a line of it would be a command", () => {
    const course = SmtpPeer.talk(shapes["a fresh connection"].task, { DATA: "250 ok" })
    assert.isTrue(course.sent.endsWith("DATA\r\n"))
    assert.strictEqual(course.report, `r\0${broken("250 ok")}`)
  })

  it("notices at DATA that one of the replies before was too many", () =>
    assert.strictEqual(
      SmtpPeer.talk(shapes["a fresh connection"].task, { MAIL: "250 sender\r\n250 sender" }).report,
      `r\0${broken("250 recipient")}`
    ))

  it("has no patience with a reply of more than 512 lines", () =>
    assert.strictEqual(
      SmtpPeer.talk(shapes["a fresh connection"].task, { MAIL: "250-x\r\n".repeat(600) }, { byteByByte: true }).report,
      "ZConnected to 192.0.2.1 but its reply is a protocol error (#4.5.0).\n\0"
    ))

  it("takes it as qmail-remote does in classic homes", () =>
    assert.strictEqual(
      SmtpPeer.talk({ ...task, classic: true, esmtp: false }, { message: "25" }).report,
      `r\0K192.0.2.1 accepted message.\n${said("25")}\0`
    ))
})

describe("SmtpClient whose host speaks in the middle of the message", () => {
  const failed = (reply: string) =>
    `r\0${reply.startsWith("5") ? "D" : "Z"}192.0.2.1 failed while I sent the message.\n${said(reply)}\0`

  for (const [name, { pipelining, task }] of Object.entries(shapes)) {
    for (const reply of ["552 too big", "452 no room", "421 goodbye"]) {
      it(`tells it at once, and leaves the message without its end: ${name}, ${reply}`, () => {
        const course = SmtpPeer.talk(task, {}, { during: [`${reply}\r\n`] }, pipelining)
        assert.deepStrictEqual([course.report, course.ending], [failed(reply), "Close"])
        assert.notInclude(course.sent, "\r\n.\r\n")
      })

      it(`hears it in pieces: ${name}, ${reply}`, () =>
        assert.strictEqual(
          SmtpPeer.talk(task, {}, { during: [...reply, "\r", "\n"] }, pipelining).report,
          failed(reply)
        ))
    }

    it(`goes on while it says nothing of the kind: ${name}`, () => {
      const course = SmtpPeer.talk(task, {}, { during: ["55", "2"] }, pipelining)
      assert.isTrue(course.sent.endsWith("\r\n.\r\n") || course.sent.endsWith("\r\n.\r\nQUIT\r\n"))
    })

    it(`sends nothing of a message that is refused right behind 354: ${name}`, () => {
      const course = SmtpPeer.talk(task, { DATA: "354 go\r\n552 too big" }, {}, pipelining)
      assert.strictEqual(course.report, failed("552 too big"))
      assert.isTrue(course.sent.endsWith("DATA\r\n"))
    })

    it(`waits if it is lost there: ${name}`, () => {
      const course = SmtpPeer.talk(task, { message: "lost" }, { during: ["250-"] }, pipelining)
      assert.match(course.report!, /^r\0ZConnected to 192\.0\.2\.1 but connection died\. Possible duplicate!/)
    })
  }

  for (const [name, { pipelining, task }] of used)
    it(`begins again on a fresh connection if that was 421, and no text was sent: ${name}`, () =>
      assert.strictEqual(SmtpPeer.talk(task, { DATA: "354 go\r\n421 enough" }, {}, pipelining).ending, "Reconnect"))

  it("takes it for the reply to the whole message in classic homes, as qmail-remote does", () => {
    const course = SmtpPeer.talk({ ...task, classic: true, esmtp: false }, {}, { during: ["552 too big\r\n"] })
    assert.include(course.sent, "\r\nb\r\n.\r\n")
    assert.strictEqual(course.report, `r\0D192.0.2.1 failed after I sent the message.\n${said("552 too big")}\0`)
  })

  it("has no patience with a host that does not stop", () =>
    assert.strictEqual(
      SmtpPeer.talk(task, {}, { during: ["250 x\r\n".repeat(101)] }).report,
      "r\0ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n\0"
    ))
})

describe("SmtpClient whose host says more than it was asked for", () => {
  for (const [name, { pipelining, task }] of Object.entries(shapes))
    for (const more of ["421 and now goodbye", "250 twice", "25"])
      it(`uses the connection no more: ${name}, ${more}`, () => {
        const course = SmtpPeer.talk(task, { message: `250 queued\r\n${more}` }, {}, pipelining)
        assert.deepStrictEqual([course.report, course.ending], [accepted, "Close"])
      })
})

describe("SmtpClient on a connection whose host knows HELO only", () => {
  it("goes on with RSET and one command at a time in the next transaction", () => {
    const { task } = shapes["a fresh connection"]
    assert.strictEqual(SmtpPeer.talk(task, { EHLO: "502 what" }).ending, "Release")
    assert.match(SmtpPeer.talk(shapes["a used connection"].task, {}).sent, /^RSET\r\nMAIL FROM:<s@src.example>\r\nRCPT/)
  })
})
