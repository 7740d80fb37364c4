import { assert, describe, it } from "@effect/vitest"
import * as Address from "../../../src/core/address/Address.ts"

describe("Address: what a client may give", () => {
  for (const [address, recipient, sender] of [
    ["a@b", true, true],
    ["postmaster", true, true],
    ["a@b@c", true, true],
    ["j\xf6e@\xfc", true, true],
    ["list-@host-@[]", true, true],
    ["", false, true],
    ["@", false, false],
    ["@b", false, false],
    ["a@", false, false],
    ["a\0@b", false, false],
    ["a\r@b", false, false],
    ["a@b\n", false, false],
    ["a\tb@c", false, false],
    ["a\x7f@b", false, false]
  ] as const)
    it(`${JSON.stringify(address)}: recipient ${recipient}, sender ${sender}`, () =>
      assert.deepStrictEqual([Address.isRecipient(address), Address.isSender(address)], [recipient, sender]))
})
