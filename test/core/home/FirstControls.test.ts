import { assert, describe, it } from "@effect/vitest"
import * as FirstControls from "../../../src/core/home/FirstControls.ts"

describe("FirstControls.names", () => {
  for (const [host, defaultDomain, plusDomain] of [
    ["localhost", "localhost", "localhost"],
    ["shark.example", "shark.example", "shark.example"],
    ["mail.shark.example", "shark.example", "shark.example"],
    ["a.b.shark.example", "b.shark.example", "shark.example"],
    ["mail.shark.example.", "shark.example.", "example."]
  ] as const)
    it(`${host}: default domain ${defaultDomain}, plus domain ${plusDomain}`, () =>
      assert.deepStrictEqual(
        FirstControls.names(host).map(({ value }) => value),
        [host, defaultDomain, plusDomain]
      ))
})

describe("FirstControls", () => {
  it("words its progress as qmail's scripts do", () => {
    assert.strictEqual(FirstControls.sayPutting({ file: "me", value: "a.b" }), "Putting a.b into control/me...\n")
    assert.strictEqual(
      FirstControls.sayAddress("192.0.2.1", undefined),
      "192.0.2.1: PTR lookup failed. I assume this address has no DNS name.\n"
    )
    assert.strictEqual(FirstControls.sayAddress("192.0.2.1", "a.b"), "192.0.2.1: Adding a.b to control/locals...\n")
    assert.include(FirstControls.sayMoreNames("/q"), "Copying /q/control/locals to /q/control/rcpthosts...\n")
    assert.include(FirstControls.sayRefused("a.b"), "except to a.b.\n")
  })
})
