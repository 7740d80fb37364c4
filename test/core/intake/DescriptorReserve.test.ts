import { assert, describe, it } from "@effect/vitest"
import * as DescriptorReserve from "../../../src/core/intake/DescriptorReserve.ts"

describe("DescriptorReserve", () => {
  for (const [most, first] of [
    [40, 35],
    [64, 56],
    [1024, 896],
    [7, 7]
  ] as const)
    it(`of ${most} descriptors those from ${first} on are kept`, () => {
      assert.isFalse(DescriptorReserve.isReserved(first - 1, most))
      assert.isTrue(DescriptorReserve.isReserved(first, most))
    })

  it("where there is no limit none is", () => assert.isFalse(DescriptorReserve.isReserved(1e9, Infinity)))

  it("is told at once, and then once a minute", () => {
    assert.isTrue(DescriptorReserve.isWorthSaying(-Infinity, 0))
    assert.isFalse(DescriptorReserve.isWorthSaying(100, 159))
    assert.isTrue(DescriptorReserve.isWorthSaying(100, 160))
  })

  it("says why none can be opened", () =>
    assert.match(
      DescriptorReserve.exhausted("EMFILE"),
      /^alert: out of descriptors: [^E].*; new connections are lost$/
    ))
})
