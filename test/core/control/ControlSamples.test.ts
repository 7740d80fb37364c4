import { assert, describe, it } from "@effect/vitest"
import * as ControlCheck from "../../../src/core/control/ControlCheck.ts"
import * as ControlFile from "../../../src/core/control/ControlFile.ts"
import * as ControlSamples from "../../../src/core/control/ControlSamples.ts"
import * as Settings from "../../../src/core/control/Settings.ts"

describe("ControlSamples.all", () => {
  for (const { content, name } of ControlSamples.all)
    it(`${name} is a file that its reader takes without complaint`, () => {
      const context = { classic: false, content: () => content, isRelayClient: () => false }
      assert.deepStrictEqual(ControlCheck.checkFile(name, context), [])
    })
  it("samples of lists are all comment: installed as they are, they list nothing", () => {
    for (const { name, reader } of Settings.all)
      if (reader === "list" || reader === "map")
        assert.deepStrictEqual(ControlFile.list(ControlSamples.all.find((one) => one.name === name)!.content), [])
  })
})
