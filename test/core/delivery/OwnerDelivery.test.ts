import { assert, describe, it } from "@effect/vitest"
import * as OwnerDelivery from "../../../src/core/delivery/OwnerDelivery.ts"

describe("OwnerDelivery.objection", () => {
  it("none to an account of the owner", () =>
    assert.strictEqual(OwnerDelivery.objection({ uid: 1000 }, 1000), undefined))
  it("an account of another uid waits", () => assert.match(OwnerDelivery.objection({ uid: 1001 }, 1000)!, /^Z/))
})
