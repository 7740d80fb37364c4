import { assert, describe, it } from "@effect/vitest"
import { emptyMap, mapOf, setOf } from "../../../src/core/control/ControlMap.ts"
import * as RouteDoubts from "../../../src/core/route/RouteDoubts.ts"

const facts = (classic: boolean): RouteDoubts.Facts => ({
  rules: {
    locals: setOf(["here.example", ".x.example", "dot.example."]),
    virtualdomains: mapOf(["v.example:joe"]),
    percenthack: setOf(["hack.example", ".p.example"]),
    envnoathost: "here.example"
  },
  smtproutes: emptyMap,
  classic
})

describe("RouteDoubts.doubt", () => {
  for (const [list, entry, doubt] of [
    ["locals", "here.example", undefined],
    ["locals", ".x.example", "does not make mail to any.x.example local"],
    ["locals", "dot.example.", "does not make mail to dot.example local"],
    ["virtualdomains", "v.example:joe", undefined],
    ["virtualdomains", ".v.example:joe", undefined],
    ["virtualdomains", "joe@v.example:joe", undefined],
    ["virtualdomains", ":joe", undefined],
    ["virtualdomains", "away.v.example:", undefined],
    ["virtualdomains", "*.v.example:joe", "does not apply to anyone@any.v.example"],
    ["virtualdomains", "v.example.:joe", "does not apply to anyone@v.example"],
    ["virtualdomains", "v.example joe", "has no colon and is ignored"],
    ["virtualdomains", "here.example:joe", "has no effect: here.example is in control/locals, which wins"],
    ["virtualdomains", "a@here.example:joe", "has no effect: here.example is in control/locals, which wins"],
    ["percenthack", "hack.example", undefined],
    ["percenthack", ".p.example", "does not rewrite user%stranger.invalid@any.p.example"],
    ["smtproutes", "r.example:hub.example", undefined],
    ["smtproutes", ".r.example:hub.example:26", undefined],
    ["smtproutes", ":hub.example", undefined],
    ["smtproutes", "r.example:", undefined],
    ["smtproutes", "r.example:[192.0.2.1]", undefined],
    ["smtproutes", "*.r.example:hub.example", "does not apply to mail for any.r.example"],
    ["smtproutes", "a@r.example:hub.example", "does not apply to mail for r.example"],
    ["smtproutes", "r.example", "has no colon and is ignored"],
    ["smtproutes", "r.example:hub.example:", "leads to port 0 of hub.example"],
    ["smtproutes", "r.example:hub.example:65536", "leads to port 0 of hub.example"],
    ["smtproutes", "r.example:a b", "leads to a b, which is no host"],
    ["smtproutes", "here.example:hub.example", "has no effect: here.example is in control/locals, which wins"],
    ["rcpthosts", "*", undefined]
  ] as const)
    it(`${list}: ${entry} ${doubt ?? "does what it says"}`, () =>
      assert.strictEqual(RouteDoubts.doubt(facts(false), list, entry), doubt))

  it("an IPv6 relay means that in our homes only", () => {
    assert.isUndefined(RouteDoubts.doubt(facts(false), "smtproutes", "r.example:[2001:db8::1]:26"))
    assert.isDefined(RouteDoubts.doubt(facts(true), "smtproutes", "r.example:[2001:db8::1]:26"))
  })
})
