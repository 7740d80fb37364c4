import { assert, describe, it } from "@effect/vitest"
import * as TypedAddresses from "../../../src/core/header/TypedAddresses.ts"

describe("TypedAddresses.parseRecipients", () => {
  for (const [typed, addresses] of [
    ["a@x", ["a@x"]],
    ["a", ["a"]],
    ["<a@x>", ["a@x"]],
    ["Joe <a@x>", ["a@x"]],
    ['"User, Joe" <a@x>', ["a@x"]],
    ["a@x (Joe)", ["a@x"]],
    ["(Joe) a@x", ["a@x"]],
    ["a@x, b@x", ["a@x", "b@x"]],
    ["a@x,b@x,", ["a@x", "b@x"]],
    ["g: a@x, Joe <b@x>;", ["a@x", "b@x"]],
    ['"j oe"@x', ["j oe@x"]],
    ['"j oe"', ["j oe"]],
    ['"<a@b>"@x', ["<a@b>@x"]],
    ["a@[127.0.0.1]", ["a@[127.0.0.1]"]],
    ["a@[IPv6:::1]", ["a@[IPv6:::1]"]],
    ["j.o.e@x", ["j.o.e@x"]],
    ["joe-ext=b@x", ["joe-ext=b@x"]],
    ["\xe4@x", ["\xe4@x"]],
    [" a@x\n", ["a@x"]]
  ] as const)
    it(`${JSON.stringify(typed)} names ${addresses.join(" and ")}`, () =>
      assert.deepStrictEqual(TypedAddresses.parseRecipients(typed), [...addresses]))

  for (const typed of [
    "",
    " ",
    ",",
    "<>",
    "(Joe)",
    "Joe <>",
    "g:;",
    "Joe a@x",
    "a@x b@x",
    "<a@x",
    "Joe <a@x",
    "a@x>",
    "a@x>, b@x",
    '"a@x',
    "a@x (Joe",
    "a@x)",
    "a@[1",
    "a@",
    'a@"x y"',
    "@x",
    "a;",
    "a: b",
    "g: a@x; h: b@x;",
    'a"b"@x',
    '"a\nX-Inject: y"@x',
    "a\rb\x01@x",
    '"a\x7f"@x',
    '"a\0b"@x'
  ])
    it(`${JSON.stringify(typed)} is refused`, () => assert.isUndefined(TypedAddresses.parseRecipients(typed)))
})

describe("TypedAddresses.parseSender", () => {
  for (const [typed, sender] of [
    ["", ""],
    [" ", ""],
    ["<>", ""],
    ["< >", ""],
    ["me", "me"],
    ["<me@x>", "me@x"],
    ["Joe <me@x>", "me@x"],
    ["me@x (Joe)", "me@x"],
    ["#@[]", "#@[]"],
    ["list-@x-@[]", "list-@x-@[]"],
    ["a@x, b@x", undefined],
    ["a@x b@x", undefined],
    ["(Joe)", undefined],
    ["<me@x", undefined],
    ['"me\n"@x', undefined]
  ] as const)
    it(`${JSON.stringify(typed)}: ${sender ?? "refused"}`, () =>
      assert.strictEqual(TypedAddresses.parseSender(typed), sender))
})
