import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as TraceFields from "../../../src/core/header/TraceFields.ts"

const time = 820631134 // 3 Jan 1996 01:05:34

describe("TraceFields.receivedFromNetwork", () => {
  const hop = {
    protocol: "SMTP",
    remoteHost: "client.example.net",
    remoteIp: "192.0.2.7",
    localHost: "mx.example.org",
    time
  } as const

  for (const [what, facts, first] of [
    ["no HELO", {}, "from client.example.net (192.0.2.7)"],
    ["another name in HELO", { helo: "pc" }, "from client.example.net (HELO pc) (192.0.2.7)"],
    ["the same name in other case", { helo: "Client.Example.NET" }, "from client.example.net (192.0.2.7)"],
    ["an empty name", { helo: "" }, "from client.example.net (HELO ) (192.0.2.7)"],
    ["an identity", { remoteInfo: "joe" }, "from client.example.net (joe@192.0.2.7)"],
    ["an empty identity", { remoteInfo: "" }, "from client.example.net (@192.0.2.7)"],
    ["harmful bytes", { helo: "a_b(c)\n\xe4" }, "from client.example.net (HELO a?b?c???) (192.0.2.7)"],
    ["an IPv6 literal", { helo: "[IPv6:::1]" }, "from client.example.net (HELO [IPv6:::1]) (192.0.2.7)"]
  ] as const) {
    it(`with ${what}: ${first}`, () => {
      assert.strictEqual(
        TraceFields.receivedFromNetwork({ ...hop, ...facts }),
        `Received: ${first}\n  by mx.example.org with SMTP; 3 Jan 1996 01:05:34 -0000\n`
      )
    })
  }

  it("names the protocol", () => {
    assert.include(TraceFields.receivedFromNetwork({ ...hop, protocol: "QMTP" }), " with QMTP; ")
  })
})

describe("TraceFields.receivedByQueue", () => {
  for (const origin of ["by alias", "from network", "for bounce", "by uid 1001"] as const) {
    it(`invoked ${origin}`, () => {
      assert.strictEqual(
        TraceFields.receivedByQueue({ pid: 12345, origin, time }),
        `Received: (qmail 12345 invoked ${origin}); 3 Jan 1996 01:05:34 -0000\n`
      )
    })
  }
})

describe("TraceFields of a delivery", () => {
  it("shows the recipient unquoted and on one line", () => {
    assert.strictEqual(TraceFields.deliveredTo("joe-a b@h\nx\ry", false), "Delivered-To: joe-a b@h_x_y\n")
  })
  for (const [sender, line] of [
    ["joe@host", "Return-Path: <joe@host>\n"],
    ["", "Return-Path: <>\n"],
    ["a b@host", 'Return-Path: <"a b"@host>\n'],
    ["a\nb@host", 'Return-Path: <"a\\_b"@host>\n'],
    ["a\rX-Inject: h@host", 'Return-Path: <"a\\_X-Inject: h"@host>\n'],
    ["a@host\r\nX-Inject: h", "Return-Path: <a@host__X-Inject: h>\n"]
  ] as const) {
    it(`shows the sender ${JSON.stringify(sender)} as ${JSON.stringify(line)}`, () => {
      assert.strictEqual(TraceFields.returnPath(sender, false), line)
    })
  }
})

describe("TraceFields.localDate", () => {
  for (const [zone, offset, field] of [
    ["UTC", 0, "Date: 3 Jan 1996 01:05:34 +0000\n"],
    ["New York", -5 * 3600, "Date: 2 Jan 1996 20:05:34 -0500\n"],
    ["India", 5.5 * 3600, "Date: 3 Jan 1996 06:35:34 +0530\n"],
    ["Newfoundland", -3.5 * 3600, "Date: 2 Jan 1996 21:35:34 -0330\n"],
    ["a zone with odd seconds", 36 * 60 + 30, "Date: 3 Jan 1996 01:42:04 +0037\n"]
  ] as const)
    it(`in ${zone} is ${field.trim()}`, () => assert.strictEqual(TraceFields.localDate(time, offset), field))
})

describe("TraceFields.countHops", () => {
  const hopsIn = (message: string) => TraceFields.countHops(TraceFields.noHops, toChunk(message)).hops

  for (const [message, hops] of [
    ["", 0],
    ["Subject: x\r\n\r\n", 0],
    ["Received: a\r\n by b\r\nReceived: c\r\n\r\n", 2],
    ["Received: a\nDelivered-To: b\n\nReceived: c\n", 2],
    ["RECEIVED x\r\nrEcEiVeDx\r\n\r\n", 2],
    ["delivered\r\nDeliveredX\r\n\r\n", 2],
    ["X-Received: a\r\n Received: b\r\n\r\n", 0],
    ["Receive\r\nd: a\r\n\r\n", 0],
    ["\r\nReceived: a\r\n", 0],
    ["\r\r\nReceived: a\r\n", 1],
    ["Received", 1]
  ] as const) {
    it(`${JSON.stringify(message)} has ${hops}`, () => {
      assert.strictEqual(hopsIn(message), hops)
    })
  }

  it("counts the same wherever the chunks are cut", () => {
    const message = toChunk("Received: a\r\n by b\r\nDelivered-To: c\r\nReceivedx\r\n\r\nReceived: body\r\n")
    for (let first = 0; first <= message.length; first++)
      for (let second = first; second <= message.length; second++) {
        const pieces = [message.subarray(0, first), message.subarray(first, second), message.subarray(second)]
        assert.strictEqual(pieces.reduce(TraceFields.countHops, TraceFields.noHops).hops, 3)
      }
  })
})
