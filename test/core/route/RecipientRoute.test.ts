import { assert, describe, it } from "@effect/vitest"
import { mapOf, setOf } from "../../../src/core/control/ControlMap.ts"
import * as RecipientRoute from "../../../src/core/route/RecipientRoute.ts"

const rules: RecipientRoute.Rules = {
  locals: setOf(["l"]),
  percenthack: setOf(["p"]),
  virtualdomains: mapOf(["v:joe", ".w:bob-x", "u@z:al", "q:", "up:Up-Per"]),
  envnoathost: "e"
}

describe("RecipientRoute.route", () => {
  for (const [recipient, channel, address, why] of [
    ["a", "remote", "a@e", "no host: envnoathost"],
    ["a@L", "local", "a@L", "locals, without regard to case"],
    ["a%b@p", "remote", "a@b", "percent hack"],
    ["a%l@p", "local", "a@l", "percent hack first, then locals"],
    ["a%b%p@p", "remote", "a@b", "percent hack again and again"],
    ["a@p", "remote", "a@p", "nothing to hack"],
    ["%b@p", "remote", "@b", "an empty box is a box"],
    ["@p", "remote", "@p", "no box, no percent"],
    ["a%b@other", "remote", "a%b@other", "a host that hacks not"],
    ["i@V", "local", "joe-i@V", "a virtual domain"],
    ["i@s.w", "local", "bob-x-i@s.w", "a domain below a wildcard"],
    ["i@t.s.w", "local", "bob-x-i@t.s.w", "however far below"],
    ["i@w", "remote", "i@w", "the wildcard is not the domain itself"],
    ["u@z", "local", "al-u@z", "a virtual user"],
    ["x@z", "remote", "x@z", "another user of his domain"],
    ["x@q", "remote", "x@q", "an exception"],
    ["i@up", "local", "Up-Per-i@up", "the prepend as written"],
    ["a@b@v", "local", "joe-a@b@v", "the last @ counts"],
    ["", "remote", "@e", "nothing at all"]
  ] as const)
    it(`${recipient || "(empty)"}: ${why}`, () =>
      assert.deepStrictEqual(RecipientRoute.route(rules, recipient), { channel, address }))

  it("an address ends at a NUL of envnoathost: it would end the record in the queue", () =>
    assert.strictEqual(RecipientRoute.route({ ...rules, envnoathost: "e\0f" }, "a").address, "a@e"))

  it("the catch-all takes what nothing else took, and an exception is before it", () => {
    const all = { ...rules, virtualdomains: mapOf([":every", "no.example:"]) }
    assert.deepStrictEqual(RecipientRoute.route(all, "a@b.c"), { channel: "local", address: "every-a@b.c" })
    assert.deepStrictEqual(RecipientRoute.route(all, "a@no.example"), { channel: "remote", address: "a@no.example" })
    assert.deepStrictEqual(RecipientRoute.route(all, "a@l"), { channel: "local", address: "a@l" })
  })
})

describe("RecipientRoute.withoutPrepend", () => {
  for (const [recipient, known] of [
    ["joe-i@v", "i@v"],
    ["bob-x-i@s.w", "i@s.w"],
    ["al-u@z", "al-u@z"],
    ["jim-i@v", "jim-i@v"],
    ["joe@v", "joe@v"],
    ["a@l", "a@l"],
    ["a", "a"]
  ] as const)
    it(`${recipient} is known as ${known}`, () =>
      assert.strictEqual(RecipientRoute.withoutPrepend(rules.virtualdomains, recipient), known))
})
