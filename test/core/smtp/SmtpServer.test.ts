import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import type { Envelope } from "../../../src/core/envelope/Envelope.ts"
import type { QueueStatus } from "../../../src/core/queue/QueueStatus.ts"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as SmtpPolicy from "../../../src/core/intake/SmtpPolicy.ts"
import * as SmtpServer from "../../../src/core/smtp/SmtpServer.ts"

const controls: SmtpPolicy.Controls = {
  classic: true,
  me: "mx.example.org",
  greeting: "mx.example.org",
  localiphost: "mx.example.org",
  rcpthosts: ["example.org", "mx.example.org"],
  more: () => false,
  locals: undefined,
  virtualdomains: undefined,
  badmailfrom: ["@bad.example"],
  foreigncommands: undefined,
  relayclients: undefined,
  openrelay: 0,
  databytes: 0,
  maxhops: 100,
  maxrecipients: 0,
  isOurs: (ip) => ["192.0.2.1", "2001:db8::1"].includes(IpAddress.format(ip))
}
const policyWith = (changes: Partial<SmtpPolicy.Controls> = {}) =>
  Result.getOrThrow(SmtpPolicy.from({ ...controls, ...changes }))

const client: SmtpPolicy.Client = {
  remoteIp: "203.0.113.5",
  remoteHost: "client.example",
  remoteInfo: undefined,
  localHost: "mx.example.org",
  relayVariable: undefined
}

interface Conversation {
  /** Replies without their CR, one string a line. */
  readonly replies: ReadonlyArray<string>
  readonly queued: ReadonlyArray<Envelope & { readonly text: string }>
  readonly abandoned: number
  readonly exitCode: number | undefined
}

interface Setting {
  readonly policy?: SmtpPolicy.SmtpPolicy
  readonly client?: SmtpPolicy.Client
  readonly status?: QueueStatus
  /** After the input. */
  readonly later?: ReadonlyArray<SmtpServer.Event>
}

const now = 820631134

/** Plays the driver: performs what is ordered, answers for the queue. */
const converse = (chunks: ReadonlyArray<string>, setting: Setting = {}): Conversation => {
  const { policy = policyWith(), status = { _tag: "Queued", qp: 42 }, later = [] } = setting
  let replies = ""
  let message: string | undefined
  let abandoned = 0
  let exitCode: number | undefined
  const queued: Array<Envelope & { text: string }> = []
  let state: SmtpServer.State
  const perform = (step: ReturnType<typeof SmtpServer.decide>): void => {
    state = step.state
    let answer: SmtpServer.Event | undefined
    for (const command of step.commands)
      switch (command._tag) {
        case "Reply":
          replies += command.text
          break
        case "OpenMessage":
          assert.isUndefined(message, "the message before is finished")
          message = ""
          break
        case "PutMessage":
          message += fromChunk(command.bytes)
          break
        case "FinishMessage":
          queued.push({ ...command.envelope, text: message! })
          message = undefined
          answer = { _tag: "QueueAnswered", status, now }
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
    if (answer !== undefined) perform(SmtpServer.decide(state, answer))
  }
  perform(SmtpServer.initial({ policy, client: setting.client ?? client }))
  const events: ReadonlyArray<SmtpServer.Event> = [
    ...chunks.map((chunk) => ({ _tag: "BytesReceived", bytes: toChunk(chunk), now }) as const),
    ...later
  ]
  for (const event of events) if (!SmtpServer.isOver(state!)) perform(SmtpServer.decide(state!, event))
  assert.strictEqual(SmtpServer.isOver(state!), exitCode !== undefined, "over means closed")
  return { replies: replies.split("\r\n").slice(0, -1), queued, abandoned, exitCode }
}

const lines = (...all: ReadonlyArray<string>): string => all.map((line) => `${line}\r\n`).join("")
const envelope = ["MAIL FROM:<s@sender.example>", "RCPT TO:<u@example.org>"]
const message = [...envelope, "DATA", "Subject: x", "", "body", "."]
const received =
  "Received: from client.example (203.0.113.5)\n  by mx.example.org with SMTP; 3 Jan 1996 01:05:34 -0000\n"

describe("SmtpServer: commands", () => {
  for (const [sent, ...replies] of [
    ["", "220 mx.example.org ESMTP"],
    ["HELO x", "250 mx.example.org"],
    ["EHLO x", "250-mx.example.org", "250-PIPELINING", "250 8BITMIME"],
    ["ehlo", "250-mx.example.org", "250-PIPELINING", "250 8BITMIME"],
    ["NOOP", "250 ok"],
    ["NOOP\r", "502 unimplemented (#5.5.1)"],
    ["HELP me", "214 notqmail home page: https://notqmail.org"],
    ["RSET", "250 flushed"],
    ["STARTTLS", "502 unimplemented (#5.5.1)"],
    ["", "502 unimplemented (#5.5.1)"],
    ["RCPT TO:<a@example.org>", "503 MAIL first (#5.5.1)"],
    ["DATA", "503 MAIL first (#5.5.1)"],
    [`MAIL FROM:<${"x".repeat(900)}>`, "555 syntax error (#5.5.4)"],
    ["quit", "221 mx.example.org"]
  ] as const)
    it(`${JSON.stringify(sent.slice(0, 40))} is answered ${replies[0].slice(0, 30)}`, () => {
      const greeting = replies[0].startsWith("220")
      const said = converse(greeting ? [] : [lines(sent)]).replies
      assert.deepStrictEqual(greeting ? said : said.slice(1), replies)
    })

  it("VRFY tells nothing about users [W37]", () =>
    assert.strictEqual(converse([lines("VRFY root")]).replies[1], "252 send some mail, i'll try my best"))

  it("EXPN is not there [W38]", () =>
    assert.strictEqual(converse([lines("EXPN list")]).replies[1], "502 unimplemented (#5.5.1)"))

  it("shows no version anywhere [W13]", () => {
    const { queued, replies } = converse([lines("EHLO x", "HELP", "VRFY x", "FOO", ...message, "QUIT")])
    const shown = [...replies, queued[0]!.text].join("\n").replace(/\(#\d\.\d\.\d\)|203\.0\.113\.5/g, "")
    assert.notMatch(shown, /thresher|\d+\.\d+/i)
  })
})

describe("SmtpServer: a message", () => {
  it("is queued with our Received field in front and acknowledged with time and number", () => {
    const { exitCode, queued, replies } = converse([lines(...message, "QUIT")])
    assert.deepStrictEqual(replies, [
      "220 mx.example.org ESMTP",
      "250 ok",
      "250 ok",
      "354 go ahead",
      "250 ok 820631134 qp 42",
      "221 mx.example.org"
    ])
    assert.deepStrictEqual(queued, [
      { sender: "s@sender.example", recipients: ["u@example.org"], text: `${received}Subject: x\n\nbody\n` }
    ])
    assert.strictEqual(exitCode, 0)
  })

  it("names the HELO where it differs from the host name, whatever its case", () => {
    const textAfter = (helo: string) => converse([lines(helo, ...message)]).queued[0]!.text.split("\n")[0]
    assert.strictEqual(textAfter("HELO Client.Example"), "Received: from client.example (203.0.113.5)")
    assert.strictEqual(textAfter("EHLO liar"), "Received: from client.example (HELO liar) (203.0.113.5)")
  })

  it("is refused as the queue says", () => {
    const refused = (outcome: "temporary" | "permanent") =>
      converse([lines(...message)], { status: { _tag: "Refused", outcome, text: "qq disk full (#4.3.1)" } }).replies[4]
    assert.strictEqual(refused("temporary"), "451 qq disk full (#4.3.1)")
    assert.strictEqual(refused("permanent"), "554 qq disk full (#4.3.1)")
  })

  it("needs a recipient that was accepted", () => {
    const { replies } = converse([lines("MAIL FROM:<s@x>", "RCPT TO:<u@elsewhere>", "DATA")])
    assert.deepStrictEqual(replies.slice(2), [
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
      "503 RCPT first (#5.5.1)"
    ])
  })

  it("from a bad sender is refused at RCPT, not before", () => {
    const { replies } = converse([lines("MAIL FROM:<s@bad.example>", "RCPT TO:<u@example.org>")])
    assert.deepStrictEqual(replies.slice(1), [
      "250 ok",
      "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)"
    ])
  })

  it("begins anew with MAIL, HELO, EHLO and RSET", () => {
    for (const [again, reply] of [
      ["MAIL FROM:<t@x>", "503 RCPT first (#5.5.1)"],
      ["HELO x", "503 MAIL first (#5.5.1)"],
      ["EHLO x", "503 MAIL first (#5.5.1)"],
      ["RSET", "503 MAIL first (#5.5.1)"]
    ] as const)
      assert.strictEqual(converse([lines(...envelope, again, "DATA")]).replies.at(-1), reply)
  })

  it("may have the empty sender [W112]", () => {
    const { queued } = converse([lines("MAIL FROM:<>", ...message.slice(1))])
    assert.strictEqual(queued[0]!.sender, "")
  })

  it("keeps recipients in order, and the same one twice", () => {
    const names = ["b", "a", "b", "c"].map((box) => `${box}@example.org`)
    const rcpts = names.map((name) => `RCPT TO:<${name}>`)
    const { queued } = converse([lines(message[0]!, ...rcpts, ...message.slice(2))])
    assert.deepStrictEqual(queued[0]!.recipients, names)
  })

  it("that breaks off is not queued", () => {
    const { abandoned, exitCode, queued } = converse([lines(...message.slice(0, -1))], {
      later: [{ _tag: "PeerEnded" }]
    })
    assert.deepStrictEqual({ abandoned, exitCode, queued }, { abandoned: 1, exitCode: 1, queued: [] })
  })

  it("with a line feed without CR is refused and the client sent away", () => {
    const { abandoned, exitCode, replies } = converse([lines(...envelope, "DATA") + "x\n.\r\nQUIT\r\n"])
    assert.strictEqual(replies.at(-1), "451 See https://cr.yp.to/docs/smtplf.html.")
    assert.deepStrictEqual({ abandoned, exitCode }, { abandoned: 1, exitCode: 1 })
  })

  it("of one megabyte in a single line passes [W154]", () => {
    const long = "x".repeat(1 << 20)
    assert.strictEqual(converse([lines(...envelope, "DATA", long, ".")]).queued[0]!.text, `${received}${long}\n`)
  })

  it("with a header of ten megabytes passes, and nothing of it is kept between chunks [W122]", () => {
    const chunk = `X-Long: ${"y".repeat(65_000)}\r\n`
    const chunks = Array.from({ length: 160 }, () => chunk)
    const { queued } = converse([lines(...envelope, "DATA"), ...chunks, lines("", "body", ".")])
    assert.strictEqual(queued[0]!.text.length, received.length + 160 * (chunk.length - 1) + "\nbody\n".length)
  })
})

describe("SmtpServer: addresses", () => {
  for (const [argument, address] of [
    ["TO:<a@b>", "a@b"],
    ["TO:<>", ""],
    ['TO:<"a b"@c>', "a b@c"],
    ["TO:<a\\>b@c>", "a>b@c"],
    ["TO: a@b ORCPT=rfc822;a@b", "a@b"],
    ["TO:<a@b", "a@b"],
    ["TO:<a@b> SIZE=10", "a@b"],
    ["a@b", ""],
    ["Foo <a@b>", "a@b"]
  ] as const)
    it(`${argument} is ${address || "empty"}`, () => {
      const { queued } = converse([lines("MAIL FROM:<>", `RCPT ${argument}`, "DATA", ".")], {
        policy: policyWith({ rcpthosts: undefined })
      })
      assert.deepStrictEqual(queued[0]!.recipients, [address])
    })

  for (const [argument, address] of [
    ["<@x,@y:a@b>", "a@b"],
    ["<@foo:>", ""],
    ["<@foo>", ""],
    ["<@foo:@bar>", "@bar"]
  ] as const)
    it(`the route of ${argument} is dropped [W113]`, () => {
      const { queued } = converse([lines("MAIL FROM:<>", `RCPT TO:${argument}`, "DATA", ".")], {
        policy: policyWith({ rcpthosts: undefined })
      })
      assert.deepStrictEqual(queued[0]!.recipients, [address])
    })

  for (const [literal, reply] of [
    ["u@[192.0.2.1]", "250 ok"],
    ["u@[IPv6:2001:db8::1]", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"],
    ["u@[IPv6:::ffff:192.0.2.1]", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"],
    ["u@[192.0.2.2]", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"],
    ["u@[2001:db8::1]", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"]
  ] as const)
    it(`${literal}: ${reply.slice(0, 3)}, by the host of our address [W110]`, () =>
      assert.strictEqual(converse([lines("MAIL FROM:<>", `RCPT TO:<${literal}>`)]).replies[2], reply))

  it("homes of our own read IPv6 literals too [W110]", () => {
    const policy = policyWith({ classic: false })
    const own = converse([lines("MAIL FROM:<>", "RCPT TO:<u@[IPv6:2001:db8::1]>", "DATA", ".")], { policy })
    assert.deepStrictEqual(own.queued[0]!.recipients, ["u@mx.example.org"])
  })

  it("a NUL in control/localiphost ends the address in the envelope, also before a suffix", () => {
    const literals = ["MAIL FROM:<s@[192.0.2.1]>", "RCPT TO:<u@[192.0.2.1]>", "DATA", "."]
    const changes = { localiphost: "mx.example.org\0rest" }
    for (const relayclients of [undefined, ["203.0.113.5:@fix.example"]]) {
      const policy = policyWith({ ...changes, relayclients })
      assert.deepInclude(converse([lines(...literals)], { policy }).queued[0], {
        sender: "s@mx.example.org",
        recipients: ["u@mx.example.org"]
      })
    }
    const policy = policyWith({ ...changes, badmailfrom: ["@mx.example.org"] })
    assert.strictEqual(converse([lines(...literals)], { policy }).queued.length, 1, "qmail looks behind the NUL here")
  })

  it("a NUL ends the line: no address holds one [W49]", () => {
    const { queued } = converse([lines("MAIL FROM:<>", "RCPT TO:<u@example.org\0x>", "DATA", ".")])
    assert.deepStrictEqual(queued[0]!.recipients, ["u@example.org"])
  })

  it("a relay client reaches everyone, its suffix added [W16]", () => {
    const { queued } = converse([lines("MAIL FROM:<>", "RCPT TO:<u@elsewhere>", "DATA", ".")], {
      policy: policyWith({ relayclients: ["203.0.113.:@fix.example"] })
    })
    assert.deepStrictEqual(queued[0]!.recipients, ["u@elsewhere@fix.example"])
  })

  it("a stranger comes again later while morercpthosts.cdb is damaged", () => {
    const policy = policyWith({ more: () => undefined })
    const { exitCode, replies } = converse([lines(...envelope, "RCPT TO:<u@elsewhere>", "NOOP")], { policy })
    assert.deepStrictEqual(replies.slice(2), ["250 ok", "421 unable to read controls (#4.3.0)"])
    assert.strictEqual(exitCode, 1)
  })

  it("a stranger cannot relay through a home of our own without rcpthosts [W14]", () => {
    const policy = policyWith({ classic: false, rcpthosts: undefined, locals: ["example.org"] })
    const { replies } = converse([lines("MAIL FROM:<>", "RCPT TO:<x@elsewhere>", "RCPT TO:<u@example.org>")], {
      policy
    })
    assert.deepStrictEqual(replies.slice(2), [
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
      "250 ok"
    ])
  })
})

describe("SmtpServer: syntax in homes of our own", () => {
  const policy = policyWith({ classic: false, databytes: 1000 })
  const badFrom = "501 syntax error in the sender's address (#5.1.7)"
  const badTo = "501 syntax error in the recipient's address (#5.1.3)"
  const noFrom = "501 MAIL FROM:<address> expected (#5.5.4)"
  const noTo = "501 RCPT TO:<address> expected (#5.5.4)"

  for (const [sent, reply] of [
    ["MAIL", noFrom],
    ["MAIL FROM", noFrom],
    ["MAIL joe@x", noFrom],
    ["MAIL TO:<joe@x>", noFrom],
    ["MAIL FROM:", badFrom],
    ["MAIL FROM:<", badFrom],
    ["MAIL FROM:<@x>", badFrom],
    ['MAIL FROM:<"a\\\rX-Inject: h"@x>', badFrom],
    [`MAIL FROM:<${"x".repeat(900)}>`, "501 address too long (#5.5.4)"],
    ["MAIL FROM:<a@b> SIZE=rubbish", "555 bad parameter (#5.5.4)"],
    ["MAIL FROM:<a@b> SIZE=1 SIZE=1", "555 bad parameter (#5.5.4)"],
    ["MAIL FROM:<a@b> BODY=x", "555 bad parameter (#5.5.4)"],
    ["MAIL FROM:<a@b> FOO=1", "555 bad parameter (#5.5.4)"],
    ["MAIL FROM:<a@b> SIZE=1001", "552 sorry, that message size exceeds my databytes limit (#5.3.4)"],
    ["MAIL FROM:<> SIZE=1000 BODY=8BITMIME", "250 ok"],
    ["mail from: a@b", "250 ok"],
    ["MAIL FROM:<#@[]>", "250 ok"]
  ] as const)
    it(`${JSON.stringify(sent.slice(0, 50))}: ${reply.slice(0, 3)}`, () =>
      assert.strictEqual(converse([lines(sent)], { policy }).replies[1], reply))

  for (const [sent, reply] of [
    ["RCPT", noTo],
    ["RCPT joe@example.org", noTo],
    ["RCPT <joe@example.org>", noTo],
    ["RCPT TO:", badTo],
    ["RCPT TO:<>", badTo],
    ["RCPT TO:<@example.org>", badTo],
    ['RCPT TO:<"">', badTo],
    ["RCPT TO:<u\x01@example.org>", badTo],
    ["RCPT TO:<u@example.org> NOTIFY=NEVER", "555 bad parameter (#5.5.4)"],
    ["RCPT TO:<@a,@b:u@example.org>", "250 ok"],
    ["RCPT TO:<postmaster>", "250 ok"],
    ["RCPT TO: u@example.org", "250 ok"]
  ] as const)
    it(`${JSON.stringify(sent)}: ${reply.slice(0, 3)}`, () =>
      assert.strictEqual(converse([lines("MAIL FROM:<>", sent)], { policy }).replies[2], reply))

  it("a refused recipient is not queued, the others are", () => {
    const { queued } = converse(
      [lines("MAIL FROM:<>", "RCPT TO:<>", "RCPT TO:<@a:u@example.org>", "RCPT", "DATA", ".")],
      { policy }
    )
    assert.deepStrictEqual(queued[0]!.recipients, ["u@example.org"])
  })

  it("without a recipient that was accepted there is no DATA", () => {
    const { queued, replies } = converse([lines("MAIL FROM:<>", "RCPT TO:<>", "RCPT", "DATA")], { policy })
    assert.deepStrictEqual([replies.at(-1), queued], ["503 RCPT first (#5.5.1)", []])
  })

  it("a MAIL that is refused opens no transaction, and leaves none open", () => {
    const refused = ["MAIL FROM:<b@", "MAIL FROM:<b@c> X=1", "MAIL"]
    for (const mail of refused) {
      const { queued, replies } = converse([lines("MAIL FROM:<a@b>", mail, ...message.slice(1, 3))], { policy })
      assert.deepStrictEqual(replies.slice(-2), ["503 MAIL first (#5.5.1)", "503 MAIL first (#5.5.1)"])
      assert.deepStrictEqual(queued, [])
    }
  })

  it("no control file makes an address without a domain", () => {
    const empty = policyWith({ classic: false, me: "", localiphost: "", rcpthosts: undefined, locals: undefined })
    const { replies } = converse([lines("MAIL FROM:<>", "RCPT TO:<u@[192.0.2.1]>", "RCPT TO:<u@>")], { policy: empty })
    assert.deepStrictEqual(replies.slice(2), [
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
      badTo
    ])
  })
})

describe("SmtpServer: what is no command in homes of our own", () => {
  const policy = policyWith({ classic: false, foreigncommands: ["GET", "POST"] })
  const other = "421 this is a mail server (#4.7.0)"

  for (const sent of [
    "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.0\n",
    "get\r\n",
    "GET\t/\r\n",
    "GET\0/\r\n",
    "\r\n\r\nPOST / HTTP/1.1\r\n",
    `POST /${"x".repeat(20_000)} HTTP/1.1\r\n`,
    "\x16\x03\x01\x02\x00\x01\x00",
    "\x16\x03\x03\x00\n"
  ])
    it(`a session that begins with ${JSON.stringify(sent.slice(0, 30))} ends at once`, () => {
      const dialogue = sent + lines("EHLO x", ...message)
      for (const chunks of [[dialogue], [sent, lines(...message)], [...sent, lines(...message)]]) {
        const { exitCode, queued, replies } = converse(chunks, { policy })
        assert.deepStrictEqual([replies.at(-1), exitCode, queued], [other, 1, []])
        assert.notInclude(replies.join(), "250")
      }
      assert.strictEqual(converse([dialogue]).queued.length, 1, "in a qmail home it goes on")
    })

  for (const [first, reply] of [
    ["GETTING", "502 unimplemented (#5.5.1)"],
    [" GET /", "502 unimplemented (#5.5.1)"],
    ["PATCH /", "502 unimplemented (#5.5.1)"],
    ["\x16\x02", "502 unimplemented (#5.5.1)"],
    ["NOOP\r\nGET /", "502 unimplemented (#5.5.1)"],
    ["FOO\r\nPOST /", "502 unimplemented (#5.5.1)"]
  ] as const)
    it(`one with ${JSON.stringify(first)} goes on`, () => {
      const { replies } = converse([...lines(first, "NOOP")], { policy })
      assert.deepStrictEqual(replies.slice(-2), [reply, "250 ok"])
    })

  it("after a first line that was too long nothing else counts as the first", () => {
    const { replies } = converse([`X${"x".repeat(20_000)}\r\n`, lines("GET /")], { policy })
    assert.deepStrictEqual(replies.slice(1), ["500 line too long (#5.5.2)", "502 unimplemented (#5.5.1)"])
  })

  it("a command with a NUL does nothing, and the session goes on", () => {
    const sent = ["QUIT\0junk", "\0", "NOOP\0", ...envelope, "RCPT TO:<v@example.org\0x>", "DATA\0", "DATA", "."]
    const { queued, replies } = converse([lines(...sent)], { policy })
    const none = "500 NUL in a command (#5.5.2)"
    assert.deepStrictEqual(replies.slice(1, 8), [none, none, none, "250 ok", "250 ok", none, none])
    assert.deepStrictEqual(queued[0]!.recipients, ["u@example.org"])
  })

  it("in a qmail home a NUL ends the line", () =>
    assert.deepStrictEqual(converse([lines("QUIT\0junk")]).replies.slice(1), ["221 mx.example.org"]))

  it("who closes on a silent client says 421 (RFC 5321, 3.8), also in the middle of a message", () => {
    const later = [{ _tag: "TimedOut" }] as const
    const said = (chunks: ReadonlyArray<string>) => {
      const { abandoned, exitCode, replies } = converse(chunks, { policy, later })
      return [replies.at(-1), abandoned, exitCode]
    }
    assert.deepStrictEqual(said([]), ["421 timeout (#4.4.2)", 0, 1])
    assert.deepStrictEqual(said(["MAIL FR"]), ["421 timeout (#4.4.2)", 0, 1])
    assert.deepStrictEqual(said([lines(...envelope, "DATA", "x")]), ["421 timeout (#4.4.2)", 1, 1])
  })
})

describe("SmtpServer: limits", () => {
  const hops = (count: number) => Array.from({ length: count }, (_, i) => (i % 2 ? "received: x" : "DELIVERED-TO: x"))
  for (const [count, reply] of [
    [99, "250 ok 820631134 qp 42"],
    [100, "554 too many hops, this message is looping (#5.4.6)"]
  ] as const)
    it(`${count} hops: ${reply.slice(0, 3)} [W127]`, () => {
      const { replies } = converse([lines(...envelope, "DATA", ...hops(count), "", "Received: in the body", ".")])
      assert.strictEqual(replies.at(-1), reply)
    })

  it("control/maxhops is obeyed [W127]", () => {
    const policy = policyWith({ maxhops: 3 })
    assert.match(converse([lines(...envelope, "DATA", ...hops(2), ".")], { policy }).replies.at(-1)!, /^250/)
    assert.match(converse([lines(...envelope, "DATA", ...hops(3), ".")], { policy }).replies.at(-1)!, /^554/)
  })

  it("databytes counts what is stored, without our Received field", () => {
    const policy = policyWith({ databytes: 4 })
    assert.match(converse([lines(...envelope, "DATA", "123", ".")], { policy }).replies.at(-1)!, /^250/)
    const { abandoned, queued, replies } = converse([lines(...envelope, "DATA", "1234", "5", ".", "NOOP")], { policy })
    assert.deepStrictEqual(replies.slice(-2), [
      "552 sorry, that message size exceeds my databytes limit (#5.3.4)",
      "250 ok"
    ])
    assert.deepStrictEqual({ abandoned, queued }, { abandoned: 1, queued: [] })
  })

  it("SIZE is offered in homes of our own, and what is announced larger is refused before 354 [W47]", () => {
    const policy = policyWith({ classic: false, databytes: 1000 })
    const { replies } = converse([lines("EHLO x", "MAIL FROM:<a@b> SIZE=1001", "MAIL FROM:<a@b> size=1000")], {
      policy
    })
    assert.deepStrictEqual(replies.slice(1), [
      "250-mx.example.org",
      "250-PIPELINING",
      "250-SIZE 1000",
      "250 8BITMIME",
      "552 sorry, that message size exceeds my databytes limit (#5.3.4)",
      "250 ok"
    ])
  })

  it("SIZE means nothing in a qmail home", () => {
    const policy = policyWith({ databytes: 1000 })
    assert.strictEqual(converse([lines("MAIL FROM:<a@b> SIZE=1001")], { policy }).replies[1], "250 ok")
  })

  it("control/maxrecipients ends with 452, and the others get their mail", () => {
    const policy = policyWith({ maxrecipients: 2 })
    const rcpts = ["a", "b", "c"].map((box) => `RCPT TO:<${box}@example.org>`)
    const { queued, replies } = converse([lines("MAIL FROM:<>", ...rcpts, "DATA", ".")], { policy })
    assert.strictEqual(replies[4], "452 too many recipients (#4.5.3)")
    assert.strictEqual(queued[0]!.recipients.length, 2)
  })

  it("a line that is too long is dropped whole, the next one is heard", () => {
    const policy = policyWith({ classic: false })
    const { replies } = converse([lines(`NOOP ${"x".repeat(16_380)}`, "NOOP"), lines("NOOP")], { policy })
    assert.deepStrictEqual(replies.slice(1), ["500 line too long (#5.5.2)", "250 ok", "250 ok"])
  })

  it("so many commands and no message: 421", () => {
    const policy = policyWith({ classic: false })
    const { exitCode, replies } = converse([lines(...Array.from({ length: 10_001 }, () => "NOOP"))], { policy })
    assert.strictEqual(replies.at(-1), "421 too many commands (#4.7.0)")
    assert.strictEqual(exitCode, 1)
  })
})

describe("SmtpServer: time and chunks", () => {
  it("a silent client is told and left", () => {
    const { exitCode, replies } = converse([], { later: [{ _tag: "TimedOut" }] })
    assert.deepStrictEqual([replies[1], exitCode], ["451 timeout (#4.4.2)", 1])
  })

  it("a client that ends without QUIT is left without a word", () => {
    const { exitCode, replies } = converse([lines("NOOP")], { later: [{ _tag: "PeerEnded" }] })
    assert.deepStrictEqual([replies.length, exitCode], [2, 1])
  })

  it("a server that stops sends the idle away and takes the message under way", () => {
    const stop = { _tag: "ShutdownRequested" } as const
    assert.deepStrictEqual(converse([lines("NOOP")], { later: [stop] }).replies.slice(2), [
      "421 shutting down (#4.3.2)"
    ])
    const rest = { _tag: "BytesReceived", bytes: toChunk(lines("body", ".", "NOOP")), now } as const
    const { queued, replies } = converse([lines(...message.slice(0, 4))], { later: [stop, rest] })
    assert.deepStrictEqual(replies.slice(-2), ["250 ok 820631134 qp 42", "421 shutting down (#4.3.2)"])
    assert.strictEqual(queued.length, 1)
  })

  it("says and queues the same however its input is cut", () => {
    const dialogue =
      lines(
        "EHLO x",
        "MAIL FROM:<a@b>",
        "RCPT TO:<u@example.org>",
        "RCPT TO:<u@no>",
        "DATA",
        "Received: y",
        "",
        "..a",
        "b\rc"
      ) +
      lines(
        ".",
        "NOOP",
        ...message,
        "MAIL FROM:<big@x>",
        "RCPT TO:<u@example.org>",
        "DATA",
        "x".repeat(200),
        ".",
        "QUIT"
      )
    const setting = { policy: policyWith({ databytes: 100 }) }
    const whole = converse([dialogue], setting)
    assert.strictEqual(whole.queued.length, 2)
    assert.deepStrictEqual(converse([...dialogue], setting), whole)
    for (let size = 2; size < 40; size++) {
      const chunks = dialogue.match(new RegExp(`[^]{1,${size}}`, "g"))!
      assert.deepStrictEqual(converse(chunks, setting), whole, `in chunks of ${size}`)
    }
  })
})
