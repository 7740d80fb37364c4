import { assert, describe, it } from "@effect/vitest"
import * as ControlMap from "../../../src/core/control/ControlMap.ts"
import * as SmtpRoutes from "../../../src/core/remote/SmtpRoutes.ts"

const routes = ControlMap.mapOf([
  "inside.af.mil:firewall.af.mil:26",
  ".af.mil:gate.af.mil",
  ".navy.mil:",
  "noport.example:relay:",
  "letters.example:relay:smtp",
  "high.example:relay:65561",
  "v4.example:[192.0.2.1]:2525",
  "v6.example:[IPv6:2001:db8::1]:2525",
  ":default.example"
])

describe("SmtpRoutes.find", () => {
  for (const [host, relay, port] of [
    ["inside.af.mil", "firewall.af.mil", 26],
    ["INSIDE.af.MIL", "firewall.af.mil", 26],
    ["x.inside.af.mil", "gate.af.mil", 25],
    ["af.mil", "default.example", 25],
    ["elsewhere", "default.example", 25],
    ["", "default.example", 25],
    ["noport.example", "relay", 0],
    ["letters.example", "relay", 0],
    ["high.example", "relay", 25],
    ["v4.example", "[192.0.2.1]", 2525],
    ["v6.example", "[IPv6:2001:db8::1]", 2525]
  ] as const)
    it(`sends ${host || "the empty host"} to ${relay} port ${port}`, () =>
      assert.deepStrictEqual(SmtpRoutes.find(routes, host, false), { host: relay, port, relay: true }))

  it("uses the MX where the relay is empty, and where there is no route at all", () => {
    const mx = { host: "ship.navy.mil", port: 25, relay: false }
    assert.deepStrictEqual(SmtpRoutes.find(routes, "ship.navy.mil", false), mx)
    assert.deepStrictEqual(SmtpRoutes.find(ControlMap.emptyMap, "ship.navy.mil", false), mx)
  })

  it("cuts an IPv6 relay at its first colon in classic homes, as qmail does", () =>
    assert.deepStrictEqual(SmtpRoutes.find(routes, "v6.example", true), { host: "[IPv6", port: 2001, relay: true }))
})
