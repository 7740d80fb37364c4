import { assert, describe, it } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as Pop3Login from "../../../src/core/pop3/Pop3Login.ts"
import * as Pop3Server from "../../../src/core/pop3/Pop3Server.ts"
import * as Pop3Text from "../../../src/core/pop3/Pop3Text.ts"

const messages: ReadonlyArray<Pop3Server.Message> = [
  { file: "new/1000.1.a", bytes: 33 },
  { file: "cur/1001.2.b:2,S", bytes: 52 },
  { file: "new/1002.3.c", bytes: 0 }
]

interface Outcome {
  readonly said: string
  readonly opened: ReadonlyArray<string>
  readonly settled: { readonly removed: ReadonlyArray<string>; readonly moved: ReadonlyArray<string> } | undefined
  readonly exitCode: number | undefined
}

/** Plays the driver. A message that is sent shows as `<file,lines>`; `missing` cannot be opened. */
const converse = (
  chunks: ReadonlyArray<string>,
  given = messages,
  missing = "",
  kept = 0,
  isStrict = false
): Outcome => {
  let said = ""
  let settled: Outcome["settled"]
  let exitCode: number | undefined
  const opened: Array<string> = []
  let step = Pop3Server.initial({ messages: given, isStrict })
  const events: Array<Pop3Server.Event> = chunks.map((chunk) => ({ _tag: "BytesReceived", bytes: toChunk(chunk) }))
  events.push({ _tag: "PeerEnded" })
  for (;;) {
    let event: Pop3Server.Event | undefined
    for (const command of step.commands)
      switch (command._tag) {
        case "Reply":
          said += command.text
          break
        case "OpenMessage":
          opened.push(command.file)
          event = { _tag: command.file === missing ? "MessageMissing" : "MessageOpened" }
          break
        case "SendMessage":
          said += `<${opened.at(-1)},${command.bodyLines}>\r\n`
          event = { _tag: "MessageSent" }
          break
        case "Settle":
          settled = { removed: command.removed, moved: command.moved.map(({ from, to }) => `${from} ${to}`) }
          event = { _tag: "Settled", kept }
          break
        case "Close":
          exitCode = command.exitCode
          break
      }
    if (Pop3Server.isOver(step.state)) return { said, opened, settled, exitCode }
    step = Pop3Server.decide(step.state, event ?? events.shift()!)
  }
}

const lines = (...all: ReadonlyArray<string>): string => all.map((line) => `${line}\r\n`).join("")

describe("Pop3Server", () => {
  for (const [commands, ...replies] of [
    [["STAT"], "+OK 3 85"],
    [["list"], "+OK ", "1 33", "2 52", "3 0", "."],
    [["LIST 2"], "+OK 2 52"],
    [["UIDL"], "+OK ", "1 1000.1.a", "2 1001.2.b", "3 1002.3.c", "."],
    [["UIDL 2"], "+OK 2 1001.2.b"],
    [["LIST 4"], "-ERR not that many messages"],
    [["LIST 0"], "-ERR messages are counted from 1"],
    [["LIST x"], "-ERR syntax error"],
    [["RETR 1"], "+OK ", "<new/1000.1.a,Infinity>"],
    [["RETR 1 5"], "+OK ", "<new/1000.1.a,5>"],
    [["TOP 2 0"], "+OK ", "<cur/1001.2.b:2,S,0>"],
    [["TOP 2"], "+OK ", "<cur/1001.2.b:2,S,Infinity>"],
    [["TOP 2 x"], "+OK ", "<cur/1001.2.b:2,S,Infinity>"],
    [["TOP"], "-ERR syntax error"],
    [["DELE 1", "DELE 1", "RETR 1"], "+OK ", "-ERR already deleted", "-ERR already deleted"],
    [["DELE 1", "LIST", "STAT"], "+OK ", "+OK ", "2 52", "3 0", ".", "+OK 3 52"],
    [["DELE 2", "DELE 1", "LAST", "RSET", "LAST", "STAT"], "+OK ", "+OK ", "+OK 2", "+OK ", "+OK 0", "+OK 3 85"],
    [["NOOP", "FOO", ""], "+OK ", "-ERR unimplemented", "-ERR unimplemented"]
  ] as const)
    it(commands.join(", "), () => assert.strictEqual(converse([lines(...commands)]).said, lines("+OK ", ...replies)))

  it("numbers of two digits are whole numbers", () => {
    const twelve = Array.from({ length: 12 }, (_, i) => ({ file: `new/${i + 1}`, bytes: 1 }))
    assert.strictEqual(converse([lines("RETR 12")], twelve).said, lines("+OK ", "+OK ", "<new/12,Infinity>"))
  })

  it("at QUIT removes what was deleted and moves what was new", () => {
    const { exitCode, said, settled } = converse([lines("DELE 2", "QUIT", "NOOP")])
    assert.deepStrictEqual([exitCode, said], [0, lines("+OK ", "+OK ", "+OK ")])
    assert.deepStrictEqual(settled, {
      removed: ["cur/1001.2.b:2,S"],
      moved: ["new/1000.1.a cur/1000.1.a:2,", "new/1002.3.c cur/1002.3.c:2,"]
    })
  })

  it("says for each message that it could not be removed", () => {
    const unremoved = "-ERR unable to unlink all deleted messages"
    const { said } = converse([lines("DELE 1", "DELE 2", "QUIT")], messages, "", 2)
    assert.strictEqual(said, lines("+OK ", "+OK ", "+OK ", unremoved, unremoved, "+OK "))
  })

  it("changes nothing if the connection ends without QUIT", () =>
    assert.deepStrictEqual(converse([lines("DELE 1")]).settled, undefined))

  it("goes on if a message has vanished", () =>
    assert.strictEqual(
      converse([lines("RETR 1", "NOOP")], messages, "new/1000.1.a").said,
      lines("+OK ", "-ERR unable to open that message", "+OK ")
    ))

  it("a command with a NUL is none, and deletes nothing; in a qmail home it ends there", () => {
    const sent = lines("DELE 1\0", "QUIT\0junk")
    const { exitCode, said, settled } = converse([sent, lines("STAT")], messages, "", 0, true)
    assert.strictEqual(said, lines("+OK ", "-ERR syntax error", "-ERR syntax error", "+OK 3 85"))
    assert.deepStrictEqual([settled, exitCode], [undefined, 0])
    assert.deepStrictEqual(converse([sent]).settled?.removed, ["new/1000.1.a"])
  })

  it("a client who is silent for too long is left without a word, and nothing is removed (RFC 1939, 3)", () => {
    const { state } = Pop3Server.decide(Pop3Server.initial({ messages, isStrict: true }).state, {
      _tag: "BytesReceived",
      bytes: toChunk(lines("DELE 1"))
    })
    assert.deepStrictEqual(Pop3Server.decide(state, { _tag: "TimedOut" }).commands, [{ _tag: "Close", exitCode: 0 }])
  })

  it("says the same however its input is cut", () => {
    const sent = lines("STAT", "RETR 1", "LIST", "TOP 2 1", "DELE 3", "UIDL", "QUIT")
    assert.deepStrictEqual(converse([...sent]), converse([sent]))
  })
})

describe("Pop3Text", () => {
  const encode = (chunks: ReadonlyArray<string>, bodyLines: number): string => {
    let state = Pop3Text.start(bodyLines)
    let sent = ""
    for (const chunk of chunks) {
      const encoded = Pop3Text.encode(state, toChunk(chunk))
      state = encoded.state
      sent += fromChunk(encoded.bytes)
      if (encoded.isEnough) break
    }
    return sent + fromChunk(Pop3Text.end(state))
  }
  for (const [text, bodyLines, sent] of [
    ["", Infinity, "\r\n.\r\n"],
    ["a\n\nb\n", Infinity, "a\r\n\r\nb\r\n\r\n.\r\n"],
    ["a\n\nb", Infinity, "a\r\n\r\nb\r\n\r\n.\r\n"],
    [".\n..a\nb.c\n", Infinity, "..\r\n...a\r\nb.c\r\n\r\n.\r\n"],
    ["a\n\nb\nc\n", 0, "a\r\n\r\n\r\n.\r\n"],
    ["a\n\nb\nc\n", 1, "a\r\n\r\nb\r\n\r\n.\r\n"],
    ["a\n\nb\nc\n", 9, "a\r\n\r\nb\r\nc\r\n\r\n.\r\n"],
    ["a\nb\n", 0, "a\r\nb\r\n\r\n.\r\n"]
  ] as const)
    it(`${JSON.stringify(text)}, ${bodyLines} lines of the body`, () => {
      assert.strictEqual(encode([text], bodyLines), sent)
      assert.strictEqual(encode([...text], bodyLines), sent)
    })
})

describe("Pop3Login", () => {
  const login = (sent: string, ending: Pop3Login.Event = { _tag: "PeerEnded" }, isStrict = false) => {
    let said = ""
    let record: string | undefined
    let exitCode: number | undefined
    let step = Pop3Login.initial({ challenge: "<1.2@h>", isStrict })
    const events: Array<Pop3Login.Event> = [{ _tag: "BytesReceived", bytes: toChunk(sent) }, ending]
    for (;;) {
      for (const command of step.commands)
        if (command._tag === "Reply") said += command.text
        else if (command._tag === "Check") record = command.record
        else exitCode = command.exitCode
      if (Pop3Login.isOver(step.state)) return { said: said.slice("+OK <1.2@h>\r\n".length), record, exitCode }
      step = Pop3Login.decide(step.state, events.shift()!)
    }
  }
  const ended = (exitCode: number): Pop3Login.Event => ({
    _tag: "CheckEnded",
    ending: { _tag: "Exited", exitCode }
  })

  it("asks the checker what USER and PASS, or APOP, said", () => {
    assert.strictEqual(login(lines("USER joe", "PASS se cret"), ended(0)).record, "joe\0se cret\0<1.2@h>\0")
    assert.strictEqual(login(lines("APOP joe 0123 x"), ended(0)).record, "joe\x000123 x\0<1.2@h>\0")
  })

  it("a command with a NUL is none; in a qmail home it ends there", () => {
    const sent = lines("USER joe\0x", "APOP a b\0", "QUIT\0x")
    assert.deepStrictEqual(login(sent, { _tag: "TimedOut" }, true), {
      said: lines("-ERR syntax error", "-ERR syntax error", "-ERR syntax error"),
      record: undefined,
      exitCode: 1
    })
    assert.strictEqual(login(sent, ended(0)).record, "a\0b\0<1.2@h>\0")
  })

  for (const [ending, said] of [
    [ended(0), ""],
    [ended(1), "-ERR authorization failed\r\n"],
    [ended(111), "-ERR authorization failed\r\n"],
    [{ _tag: "CheckEnded", ending: { _tag: "Killed", signal: "SIGKILL" } }, "-ERR aack, child crashed\r\n"]
  ] as const)
    it(`a checker that ends like ${JSON.stringify(ending)}`, () =>
      assert.deepStrictEqual(login(lines("APOP a b"), ending), { said, record: "a\0b\0<1.2@h>\0", exitCode: 1 }))

  for (const [sent, ...replies] of [
    ["PASS x", "-ERR USER first"],
    ["USER", "-ERR syntax error"],
    ["APOP joe", "-ERR syntax error"],
    ["STAT", "-ERR authorization first"],
    ["NOOP", "+OK "],
    ["QUIT", "+OK "],
    [`USER ${"x".repeat(20_000)}`, "-ERR syntax error"]
  ] as const)
    it(`${sent.slice(0, 20)} is answered ${replies[0]}`, () =>
      assert.deepStrictEqual(login(lines(sent)), { said: lines(...replies), record: undefined, exitCode: 1 }))
})
