import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import { emptySet } from "../../../src/core/control/ControlMap.ts"
import * as GrowingList from "../../../src/core/GrowingList.ts"
import * as RcptHosts from "../../../src/core/relay/RcptHosts.ts"
import * as ConnectionLimits from "../../../src/core/intake/ConnectionLimits.ts"
import * as SmtpCommand from "../../../src/core/smtp/SmtpCommand.ts"
import * as SmtpPath from "../../../src/core/smtp/SmtpPath.ts"
import type { SmtpPolicy } from "../../../src/core/intake/SmtpPolicy.ts"
import * as SmtpReply from "../../../src/core/smtp/SmtpReply.ts"
import * as SmtpTransaction from "../../../src/core/smtp/SmtpTransaction.ts"

describe("SmtpCommand.parse", () => {
  for (const [line, verb, argument] of [
    ["NOOP", "noop", ""],
    ["Mail   FROM:<a@b>", "mail", "FROM:<a@b>"],
    ["RCPT TO:<a b@c> ", "rcpt", "TO:<a b@c> "],
    [" NOOP", "", "NOOP"],
    ["", "", ""],
    ["QUIT\0 now", "quit", ""],
    ["RCPT TO:<a\0b@c>", "rcpt", "TO:<a"],
    ["NOOP\tx", "noop\tx", ""],
    ["\xc9HLO x", "\xc9hlo", "x"]
  ] as const)
    it(JSON.stringify(line), () => assert.deepStrictEqual(SmtpCommand.parse(line), { verb, argument }))
})

describe("SmtpCommand.readLine", () => {
  const lines = (chunks: ReadonlyArray<string>, bytesMax: number): ReadonlyArray<string> => {
    const found: Array<string> = []
    let partial = SmtpCommand.noPartial
    for (const chunk of chunks.map(toChunk))
      for (let at = 0; at < chunk.length;) {
        const read = SmtpCommand.readLine(partial, chunk, at, bytesMax)
        if (read._tag === "Unfinished") {
          partial = read.partial
          break
        }
        found.push(read._tag === "Line" ? read.text : "too long")
        partial = SmtpCommand.noPartial
        at = read.next
      }
    return found
  }
  for (const [text, found] of [
    ["a\r\nb\nc", ["a", "b"]],
    ["a\r\r\n\r\n\n", ["a\r", "", ""]],
    ["12345\r\n123456\r\n", ["12345", "too long"]],
    ["1234567890\nok\n", ["too long", "ok"]]
  ] as const)
    it(`${JSON.stringify(text)}, at most five bytes a line`, () => {
      const fits = found.map((line) => line)
      assert.deepStrictEqual(lines([text], 5), fits)
      assert.deepStrictEqual(lines([...text], 5), fits)
    })
})

describe("SmtpPath.parse", () => {
  const parse = (argument: string) => Result.getOrUndefined(SmtpPath.parse(argument, undefined))
  for (const [argument, address, parameters] of [
    ["FROM:<a@b> SIZE=10 BODY=8BITMIME", "a@b", " SIZE=10 BODY=8BITMIME"],
    ["FROM:a@b SIZE=10", "a@b", "SIZE=10"],
    ["FROM:<>", "", ""],
    ['FROM:<"a>b"@c>', "a>b@c", ""],
    ["FROM:<a\\", "a", ""],
    ['FROM:<"a@b', "a@b", ""]
  ] as const)
    it(argument, () => assert.deepStrictEqual(parse(argument), { address, parameters }))

  it("899 bytes are an address, 900 are none, however they are quoted", () => {
    assert.isDefined(parse(`<${"x".repeat(899)}>`))
    assert.isDefined(parse(`<${"\\x".repeat(899)}>`))
    assert.isUndefined(parse(`<${"x".repeat(900)}>`))
    assert.isUndefined(parse(`<${"x".repeat(1_000_000)}>`))
  })
})

describe("SmtpReply", () => {
  it("every reply is three digits, a text without line feeds, and CR LF", () => {
    for (const [name, reply] of Object.entries(SmtpReply))
      if (typeof reply === "string") assert.match(reply, /^[2-5][0-9]{2} [ -~]+\r\n$/, name)
  })
})

describe("SmtpTransaction", () => {
  const policy: SmtpPolicy = {
    greeting: "g",
    localIpHost: undefined,
    badmailfrom: emptySet,
    foreignCommands: undefined,
    rcptHosts: RcptHosts.everything,
    relayClients: [],
    dataBytes: 0,
    offersSize: false,
    isStrict: false,
    hopsMax: 100,
    limits: { recipientsMax: Infinity, commandsMax: Infinity, lineBytesMax: 1000 }
  }
  const client = {
    remoteIp: "unknown",
    remoteHost: "unknown",
    remoteInfo: undefined,
    localHost: "unknown",
    relayVariable: undefined
  }
  const context = { policy, client, transaction: undefined }

  it("an address that cannot be parsed leaves everything as it was", () => {
    const { transaction } = SmtpTransaction.mail(context, "FROM:<a@b>")
    const long = `<${"x".repeat(900)}>`
    assert.deepStrictEqual(SmtpTransaction.mail({ ...context, transaction }, long).transaction, transaction)
    assert.deepStrictEqual(SmtpTransaction.rcpt({ ...context, transaction }, long).transaction, transaction)
  })

  it("a hundred thousand recipients cost no more each than one", () => {
    let { transaction } = SmtpTransaction.mail(context, "FROM:<a@b>")
    for (let i = 0; i < 100_000; i++)
      transaction = SmtpTransaction.rcpt({ ...context, transaction }, `TO:<${i}@x>`).transaction
    const recipients = GrowingList.toArray(transaction!.recipients)
    assert.deepStrictEqual([recipients.length, recipients[0], recipients.at(-1)], [100_000, "0@x", "99999@x"])
  })
})

describe("ConnectionLimits.admit", () => {
  const limits = { connectionsMax: 10, connectionsPerClientMax: 2 }
  for (const [ip, connections, ofThisClient, verdict] of [
    ["192.0.2.1", 0, 0, "serve"],
    ["192.0.2.1", 9, 1, "serve"],
    ["192.0.2.1", 5, 2, "too many of this client"],
    ["192.0.2.1", 10, 0, "too many"],
    ["127.0.0.1", 5, 5, "serve"],
    ["::1", 5, 5, "serve"],
    ["127.0.0.1", 10, 0, "too many"]
  ] as const)
    it(`${ip} with ${ofThisClient} of ${connections} open: ${verdict}`, () =>
      assert.strictEqual(
        ConnectionLimits.admit(limits, { connections, ofThisClient, takesReserve: false }, IpAddress.parse(ip)),
        verdict
      ))

  it("nobody is served with a descriptor that the queue may need", () =>
    assert.strictEqual(
      ConnectionLimits.admit(
        limits,
        { connections: 0, ofThisClient: 0, takesReserve: true },
        IpAddress.parse("127.0.0.1")
      ),
      "out of descriptors"
    ))
})
