import { assert, describe, it } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import type { Envelope } from "../../../src/core/envelope/Envelope.ts"
import type { Machine } from "../../../src/core/Machine.ts"
import type * as MailIntake from "../../../src/core/intake/MailIntake.ts"
import type { QueueStatus } from "../../../src/core/queue/QueueStatus.ts"
import * as Netstring from "../../../src/core/qmtp/Netstring.ts"
import * as Qmqp from "../../../src/core/qmtp/Qmqp.ts"
import * as QmtpServer from "../../../src/core/qmtp/QmtpServer.ts"
import * as QmtpText from "../../../src/core/qmtp/QmtpText.ts"
import * as RcptHosts from "../../../src/core/relay/RcptHosts.ts"

const peer = { remoteIp: "203.0.113.5", remoteHost: "c.example", remoteInfo: "joe", localHost: "l.example" }
const now = 820631134
const received = (protocol: string) =>
  `Received: from c.example (joe@203.0.113.5)\n  by l.example with ${protocol}; 3 Jan 1996 01:05:34 -0000\n`

const sources: RcptHosts.Sources = {
  rcpthosts: ["ok.example"],
  more: () => false,
  me: undefined,
  locals: [],
  virtualdomains: [],
  openWithoutList: true,
  starIsEverything: false
}
const listed = RcptHosts.from(sources)

const qmtp = (
  policy: Partial<QmtpServer.Policy> = {},
  relaySuffix: string | undefined = undefined
): QmtpServer.Session => ({
  client: { ...peer, relaySuffix },
  policy: {
    rcptHosts: listed,
    dataBytes: 0,
    hopsMax: Infinity,
    recipientsMax: Infinity,
    strictness: "lax",
    isStrict: false,
    ...policy
  }
})

interface Outcome {
  readonly answers: string
  readonly queued: ReadonlyArray<Envelope & { readonly text: string }>
  readonly abandoned: number
  readonly exitCode: number | undefined
}

/** Plays the driver and the queue; after the chunks the client ends. */
const converse = <Input, State>(
  machine: Machine<Input, State, MailIntake.Event, MailIntake.Command>,
  input: Input,
  chunks: ReadonlyArray<string>,
  status: QueueStatus = { _tag: "Queued", qp: 42 }
): Outcome => {
  let answers = ""
  let message: string | undefined
  let abandoned = 0
  let exitCode: number | undefined
  const queued: Array<Envelope & { text: string }> = []
  let step = machine.initial(input)
  const events: Array<MailIntake.Event> = chunks.map((chunk) => ({ _tag: "BytesReceived", bytes: toChunk(chunk), now }))
  events.push({ _tag: "PeerEnded" })
  for (;;) {
    let event: MailIntake.Event | undefined
    for (const command of step.commands)
      switch (command._tag) {
        case "Reply":
          answers += command.text
          break
        case "OpenMessage":
          message = ""
          break
        case "PutMessage":
          message += fromChunk(command.bytes)
          break
        case "FinishMessage":
          queued.push({ ...command.envelope, text: message! })
          message = undefined
          event = { _tag: "QueueAnswered", status, now }
          break
        case "AbandonMessage":
          assert.isDefined(message)
          message = undefined
          abandoned++
          break
        case "Close":
          exitCode = command.exitCode
          break
      }
    if (machine.isOver(step.state)) return { answers, queued, abandoned, exitCode }
    step = machine.decide(step.state, event ?? events.shift()!)
  }
}

const ns = Netstring.format
const mail = (message: string, sender: string, ...recipients: ReadonlyArray<string>): string =>
  ns(message) + ns(sender) + ns(recipients.map(ns).join(""))
const kok = ns("Kok 820631134 qp 42")

describe("QmtpServer: one package", () => {
  it("is queued, and every recipient is answered", () => {
    const outcome = converse(QmtpServer, qmtp(), [mail("\nSubject: x\n\nb\n", "s@x", "a@ok.example", "b@ok.example")])
    assert.deepStrictEqual(outcome, {
      answers: kok + kok,
      queued: [
        {
          sender: "s@x",
          recipients: ["a@ok.example", "b@ok.example"],
          text: `${received("QMTP")}Subject: x\n\nb\n`
        }
      ],
      abandoned: 0,
      exitCode: 0
    })
  })

  for (const [encoded, text] of [
    ["\r\n", "\n"],
    ["\ra\r\nb\r\n", "a\nb\n"],
    ["\ra\rb", "a\rb"],
    ["\ra\r\r\nb\r", "a\r\nb\r"],
    ["\na\r\nb", "a\r\nb"],
    ["\n", ""]
  ] as const)
    it(`${JSON.stringify(encoded)} is the text ${JSON.stringify(text)}`, () => {
      const { queued } = converse(QmtpServer, qmtp(), [mail(encoded, "", "a@ok.example")])
      assert.strictEqual(queued[0]!.text, received("QMTP") + text)
    })

  for (const [recipient, answer] of [
    ["a@elsewhere", "66:Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1),"],
    ["a\0@ok.example", "46:Dsorry, I can't handle that recipient (#5.1.3),"],
    [`${"a".repeat(989)}@ok.example`, "46:Dsorry, I can't handle that recipient (#5.1.3),"],
    [`${"a".repeat(988)}@ok.example`, kok],
    ["nodomain", kok]
  ] as const)
    it(`${recipient.slice(0, 20)} is answered ${answer.slice(0, 40)} [W49]`, () =>
      assert.strictEqual(converse(QmtpServer, qmtp(), [mail("\nx", "s", recipient)]).answers, answer))

  for (const recipient of ["", "@ok.example", "a@", "a\rb@ok.example", "a\nb@ok.example", "a\x7f@ok.example", "\0"])
    it(`the recipient ${JSON.stringify(recipient)} is refused in homes of our own`, () => {
      const sent = mail("\nx", "s", recipient, "b@ok.example")
      assert.deepStrictEqual(
        converse(QmtpServer, qmtp({ isStrict: true, rcptHosts: RcptHosts.everything }), [sent]).answers,
        `46:Dsorry, I can't handle that recipient (#5.1.3),${kok}`
      )
    })

  for (const sender of ["@x", "s@", "s\r@x", "s\n@x", "s\t", "\x1b@x"])
    it(`the sender ${JSON.stringify(sender)} is refused in homes of our own`, () => {
      const sent = mail("\nx", sender, "a@ok.example")
      assert.strictEqual(
        converse(QmtpServer, qmtp({ isStrict: true }), [sent]).answers,
        "29:Dunacceptable sender (#5.1.7),"
      )
      assert.strictEqual(converse(QmtpServer, qmtp(), [sent]).answers, kok)
    })

  for (const sender of ["", "#@[]", "list-@host-@[]", "s", "j\xf6e@x"])
    it(`the sender <${sender}> is taken`, () => {
      const sent = mail("\nx", sender, "a@ok.example")
      assert.strictEqual(converse(QmtpServer, qmtp({ isStrict: true }), [sent]).queued[0]!.sender, sender)
    })

  it("without any recipient that may be queued is not queued", () => {
    for (const recipients of [["a@elsewhere"], []]) {
      const { abandoned, exitCode, queued } = converse(QmtpServer, qmtp(), [mail("\nx", "s", ...recipients)])
      assert.deepStrictEqual({ abandoned, exitCode, queued }, { abandoned: 1, exitCode: 0, queued: [] })
    }
  })

  it("from an impossible sender is refused for all its recipients [W49]", () => {
    for (const sender of ["s\0", "s".repeat(1000)])
      assert.strictEqual(
        converse(QmtpServer, qmtp(), [mail("\nx", sender, "a@ok.example", "b@no")]).answers,
        `29:Dunacceptable sender (#5.1.7),66:Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1),`
      )
  })

  it("that is too big is refused, and the next one is taken", () => {
    const package_ = (bytes: number) => mail(`\n${"x".repeat(bytes)}`, "s", "a@ok.example")
    assert.strictEqual(
      converse(QmtpServer, qmtp({ dataBytes: 10 }), [package_(11) + package_(10)]).answers,
      `61:Dsorry, that message size exceeds my databytes limit (#5.3.4),${kok}`
    )
  })

  it("that goes in circles is refused where control/maxhops counts [W127]", () => {
    const looping = mail(`\n${"Received: x\n".repeat(3)}\nbody`, "s", "a@ok.example")
    assert.strictEqual(
      converse(QmtpServer, qmtp({ hopsMax: 3 }), [looping]).answers,
      ns("Dtoo many hops, this message is looping (#5.4.6)")
    )
    assert.strictEqual(converse(QmtpServer, qmtp({ hopsMax: 4 }), [looping]).answers, kok)
  })

  it("of a client who may relay goes everywhere, the suffix added [W16]", () => {
    const { queued } = converse(QmtpServer, qmtp({}, ".x"), [mail("\nx", "s", "a@any")])
    assert.deepStrictEqual(queued[0]!.recipients, ["a@any.x"])
  })

  it("has no more recipients than allowed", () =>
    assert.strictEqual(
      converse(QmtpServer, qmtp({ recipientsMax: 1 }), [mail("\nx", "s", "a@ok.example", "b@ok.example")]).answers,
      kok + ns("Ztoo many recipients (#4.5.3)")
    ))

  it("is refused as the queue says", () =>
    assert.strictEqual(
      converse(QmtpServer, qmtp(), [mail("\nx", "s", "a@ok.example")], {
        _tag: "Refused",
        outcome: "temporary",
        text: "no"
      }).answers,
      "3:Zno,"
    ))
})

describe("QmtpServer: who breaks the protocol is left without a word", () => {
  for (const [sent, exitCode] of [
    ["", 0],
    ["abc", 100],
    ["1\0:", 100],
    ["GET / HTTP/1.1\r\n", 100],
    ["\x16\x03\x01", 100],
    ["0:,", 100],
    ["1:x,", 100],
    ["2:\nxX", 100],
    ["2:\nx,1:s,2:55,", 100],
    ["2:\nx,1:s,6:3:abcd,", 100],
    ["2:\nx,1:s,4:1:a,X", 100],
    ["2:\nx,1:s,4:1:a.,", 100],
    ["2:\nx,1:s,4:x:a,,", 100],
    ["99999999999:", 111],
    ["2:\nx,1:s,4:1:a", 0]
  ] as const)
    it(`${JSON.stringify(sent)}: ${exitCode}`, () => {
      const outcome = converse(QmtpServer, qmtp(), [sent])
      assert.deepStrictEqual(
        { answers: outcome.answers, queued: outcome.queued, exitCode: outcome.exitCode },
        { answers: "", queued: [], exitCode }
      )
    })

  it("and so is a stranger while nobody can say who may be sent to", () => {
    const rcptHosts = RcptHosts.from({ ...sources, more: () => undefined })
    const outcome = converse(QmtpServer, qmtp({ rcptHosts }), [mail("\nx", "s", "a@elsewhere")])
    assert.deepStrictEqual(outcome, { answers: "", queued: [], abandoned: 1, exitCode: 111 })
  })

  it("leading zeros and empty lengths are read leniently, or not at all", () => {
    const sent = "002:\nx,:,16:12:a@ok.example,,"
    assert.strictEqual(converse(QmtpServer, qmtp(), [sent]).answers, kok)
    assert.strictEqual(converse(QmtpServer, qmtp({ strictness: "strict" }), [sent]).exitCode, 100)
    assert.strictEqual(converse(QmtpServer, qmtp({ strictness: "strict" }), ["2:\nx,:,"]).exitCode, 100)
  })
})

describe("Qmqp: the server", () => {
  const session: Qmqp.Session = { client: peer, strictness: "lax", isStrict: false }
  const request = (message: string, sender: string, ...recipients: ReadonlyArray<string>) =>
    fromChunk(Qmqp.request(toChunk(message), { sender, recipients }))

  it("reads what the client writes", () => {
    const sent = request("hi\n", "a@b", "cc@dd.ee.ff")
    assert.strictEqual(sent, "27:3:hi\n,3:a@b,11:cc@dd.ee.ff,,")
    assert.deepStrictEqual(converse(Qmqp, session, [sent]), {
      answers: kok,
      queued: [{ sender: "a@b", recipients: ["cc@dd.ee.ff"], text: `${received("QMQP")}hi\n` }],
      abandoned: 0,
      exitCode: 0
    })
  })

  it("queues no part of a request", () => {
    const sent = request("hi\n", "a@b", "cc@dd.ee.ff")
    for (let bytes = 0; bytes < sent.length; bytes++) {
      const { answers, queued } = converse(Qmqp, session, [sent.slice(0, bytes)])
      assert.deepStrictEqual({ answers, queued }, { answers: "", queued: [] }, `${bytes} bytes`)
    }
  })

  it("answers once if an address cannot be, and queues nothing [W49]", () => {
    for (const addresses of [
      ["s\0", "r"],
      ["s", "r", "t\0u"],
      ["s".repeat(1000), "r"],
      ["s", "r".repeat(1000)]
    ]) {
      const outcome = converse(Qmqp, session, [request("m", addresses[0]!, ...addresses.slice(1))])
      assert.strictEqual(outcome.answers, "51:Dsorry, I can't accept addresses like that (#5.1.3),")
      assert.deepStrictEqual([outcome.queued, outcome.abandoned, outcome.exitCode], [[], 1, 0])
    }
  })

  it("in homes of our own no address is empty but the sender's, and none has control characters", () => {
    const strict = { ...session, isStrict: true }
    for (const [sender, ...recipients] of [
      ["s", ""],
      ["s", "r", "@x"],
      ["s", "r@"],
      ["@x", "r"],
      ["s@", "r"],
      ["s\r", "r"],
      ["s", "r\nX: y"]
    ] as const) {
      const sent = request("m", sender, ...recipients)
      const outcome = converse(Qmqp, strict, [sent])
      assert.strictEqual(outcome.answers, "51:Dsorry, I can't accept addresses like that (#5.1.3),")
      assert.deepStrictEqual([outcome.queued, outcome.abandoned, outcome.exitCode], [[], 1, 0])
      assert.strictEqual(converse(Qmqp, session, [sent]).answers, kok)
    }
    for (const sender of ["", "#@[]", "list-@host-@[]"])
      assert.strictEqual(converse(Qmqp, strict, [request("m", sender, "r@x", "joe")]).answers, kok)
  })

  for (const [sent, exitCode] of [
    ["\x001:,", 100],
    ["0:,", 100],
    ["-5:", 100],
    ["999999999999:", 111],
    ["10:1:m,1:s,1:rX", 100],
    ["9:1:m,1:s,1:r,,", 100],
    ["13:1:m,1:s,1:r,,", 100],
    ["12:1:m,1:s,1:r,X", 100],
    ["5:1:m", 0]
  ] as const)
    it(`${sent}: ${exitCode}`, () => {
      const outcome = converse(Qmqp, session, [sent])
      assert.deepStrictEqual([outcome.answers, outcome.queued, outcome.exitCode], ["", [], exitCode])
    })

  it("says and queues the same however its input is cut; so does QMTP", () => {
    const one = request("Subject: x\n\nb\n", "s@x", "a@b", "c@d")
    assert.deepStrictEqual(converse(Qmqp, session, [...one]), converse(Qmqp, session, [one]))
    const two = mail("\ra\r\nb\r\r\nc\r", "s", "a@ok.example", "b@no", "c\0") + mail("\nx", "", "d@ok.example")
    const whole = converse(QmtpServer, qmtp(), [two])
    assert.strictEqual(whole.queued.length, 2)
    assert.deepStrictEqual(converse(QmtpServer, qmtp(), [...two]), whole)
    for (let size = 2; size < 20; size++)
      assert.deepStrictEqual(converse(QmtpServer, qmtp(), two.match(new RegExp(`[^]{1,${size}}`, "g"))!), whole)
  })
})

describe("Qmqp: the client", () => {
  for (const [answer, outcome] of [
    ["21:Kok 1 qp 2,", "success"],
    ["5:Zlater,", "temporary"],
    ["3:Dno,", "permanent"],
    ["xyzK", "success"],
    ["3:kok,D", "permanent"],
    ["12:", undefined]
  ] as const)
    it(`${answer} means ${outcome ?? "nothing yet"}`, () => assert.strictEqual(Qmqp.readAnswer(answer), outcome))

  for (const [records, envelope] of [
    ["Fs\0Ta\0Tb\0\0", { sender: "s", recipients: ["a", "b"] }],
    ["Fs\0\0", { sender: "s", recipients: [] }],
    ["F\0Ta\0\0rest", { sender: "", recipients: ["a"] }],
    ["", undefined],
    ["Fs", undefined],
    ["Fs\0Ta\0", undefined],
    ["Fs\0Xa\0\0", undefined],
    ["Ta\0\0", undefined]
  ] as const)
    it(`descriptor 1: ${JSON.stringify(records)}`, () => assert.deepStrictEqual(Qmqp.parseEnvelope(records), envelope))

  it("asks servers that are addresses, in their order", () =>
    assert.deepStrictEqual(Qmqp.servers(["192.0.2.1", "host.example", "192.0.2.2 second", "2001:db8::1"]).length, 3))
})

describe("QmtpText", () => {
  it("the first byte names the encoding", () =>
    assert.deepStrictEqual([10, 13, 65].map(QmtpText.encodingOf), ["LF", "CR LF", undefined]))

  it("a CR at the end of a chunk is held until it is known what follows", () => {
    const first = QmtpText.decode("CR LF", false, toChunk("a\r"), false)
    assert.deepStrictEqual([fromChunk(first.text), first.crHeld], ["a", true])
    assert.strictEqual(fromChunk(QmtpText.decode("CR LF", true, toChunk("\nb"), true).text), "\nb")
    assert.strictEqual(fromChunk(QmtpText.decode("CR LF", true, toChunk("b\r"), true).text), "\rb\r")
  })
})
