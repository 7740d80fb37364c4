import { assert, describe, it } from "@effect/vitest"
import { setOf } from "../../../src/core/control/ControlMap.ts"
import { settings } from "../../../src/core/control/Settings.ts"
import * as ForeignProtocol from "../../../src/core/smtp/ForeignProtocol.ts"

describe("ForeignProtocol.isForeign", () => {
  const commands = setOf(settings.foreigncommands.own)
  for (const verb of ["GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT"])
    it(`${verb} is a command of HTTP`, () => {
      assert.isTrue(ForeignProtocol.isForeign(`${verb} / HTTP/1.1\r\n`, commands))
      assert.isTrue(ForeignProtocol.isForeign(`${verb.toLowerCase()}\n`, commands))
      assert.isFalse(ForeignProtocol.isForeign(verb, commands), "it may go on")
      assert.isFalse(ForeignProtocol.isForeign(`${verb}TER `, commands))
    })
  for (const [opening, foreign] of [
    ["", false],
    ["EHLO GET \r\nGET / ", false],
    [" GET /", false],
    ["\r\nGET /", false],
    ["GET\0/", true],
    ["\x16", false],
    ["\x16\x03", true],
    ["\x16\x03\x01\x00", true],
    ["\x15\x03\x01", false],
    ["x\x16\x03", false]
  ] as const)
    it(`${JSON.stringify(opening)}: ${foreign}`, () =>
      assert.strictEqual(ForeignProtocol.isForeign(opening, commands), foreign))

  it("a list without entries leaves only TLS", () => {
    assert.isFalse(ForeignProtocol.isForeign("GET / ", setOf([])))
    assert.isTrue(ForeignProtocol.isForeign("\x16\x03", setOf([])))
  })
})
