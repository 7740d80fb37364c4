import { assert, describe, it } from "@effect/vitest"
import * as ControlMap from "../../../src/core/control/ControlMap.ts"
import * as RemoteSettings from "../../../src/core/remote/RemoteSettings.ts"
import * as SmtpTask from "../../../src/core/remote/SmtpTask.ts"

const settings: RemoteSettings.RemoteSettings = {
  classic: true,
  helo: "me.example",
  routes: ControlMap.emptyMap,
  connectPatience: 60,
  replyPatience: 1200,
  dnsPatience: 0,
  totalConnectPatience: 0,
  bareCr: "classic",
  esmtp: false,
  reuse: 1,
  moveOn: "never"
}
const rest = { partner: "192.0.2.1", messageBytes: undefined, knownExtensions: undefined, keepOpen: false }

describe("SmtpTask.of", () => {
  for (const [address, sent] of [
    ["s@x", "s@x"],
    ["", ""],
    ["#@[]", "#@[]"],
    ["no at sign", "no at sign"],
    ["a b@c", '"a b"@c'],
    ["a@b@c", '"a@b"@c'],
    ["@h", '""@h'],
    ["back\\slash@x", '"back\\\\slash"@x'],
    ["R@UPPER.Case", "R@UPPER.Case"]
  ] as const)
    it(`sends ${JSON.stringify(address)} as <${sent}>`, () => {
      const task = SmtpTask.of(settings, { ...rest, sender: address, recipients: [address, "x@y"] })
      assert.strictEqual(task.sender, sent)
      assert.deepStrictEqual(task.recipients, [sent, "x@y"])
    })
})

describe("SmtpTask.isSendable", () => {
  it("refuses a line end or NUL in any address, but for classic homes", () => {
    for (const bad of ["a\nb@c", "a@c\r\nDATA", "a\0@b"])
      for (const job of [
        { sender: bad, recipients: ["r@x"] },
        { sender: "s@x", recipients: ["r@x", bad] }
      ]) {
        assert.isFalse(SmtpTask.isSendable({ classic: false }, job))
        assert.isTrue(SmtpTask.isSendable({ classic: true }, job))
      }
    assert.isTrue(SmtpTask.isSendable({ classic: false }, { sender: "", recipients: ['"a b"@c'] }))
  })
})

describe("RemoteSettings", () => {
  it("reads control/barecr and control/mxtry; what they do not know is the default", () => {
    assert.strictEqual(RemoteSettings.bareCrOf("refuse", true), "refuse")
    assert.strictEqual(RemoteSettings.bareCrOf("convert", true), "classic")
    assert.strictEqual(RemoteSettings.bareCrOf(undefined, false), "convert")
    assert.strictEqual(RemoteSettings.moveOnOf("greeting"), "greeting")
    assert.strictEqual(RemoteSettings.moveOnOf("any4"), "temporary")
    assert.strictEqual(RemoteSettings.moveOnOf("connect"), "never")
    assert.strictEqual(RemoteSettings.moveOnOf(undefined), "never")
  })
})
