import { assert, describe, it } from "@effect/vitest"
import { type ByteString, fromChunk, fromText, toChunk } from "../../../src/core/Bytes.ts"
import * as InstalledHome from "../../../src/core/home/InstalledHome.ts"

const program = (line: ByteString) => toChunk(`#!/usr/bin/node\n${line}let x=1\n`)
const built = program(InstalledHome.line(InstalledHome.builtFor))

describe("InstalledHome", () => {
  for (const home of [
    "/var/qmail",
    "/srv/my mail",
    `/srv/"quoted" $HOME \\n \\`,
    "/srv/'*/;process.exit(3)//",
    fromText("/srv/Grüße/日本"),
    "/srv/\x7f\x80\xff",
    "/srv/\u2028".replace("\u2028", "\xe2\x80\xa8")
  ])
    it(`${JSON.stringify(home)} is written into a program, read there, and what node makes of it`, () => {
      const written = InstalledHome.written(built, home)
      assert.strictEqual(InstalledHome.read(written), home)
      assert.match(fromChunk(written), /^#!\/usr\/bin\/node\n[\x20-\x7e]+\nlet x=1\n$/)
      const [, line] = fromChunk(written).split("\n")
      assert.strictEqual(new Function(`${line}\nreturn thresherHome`)(), home)
    })
  it("is written anew into what was installed for another home, and leaves all else alone", () => {
    const once = InstalledHome.written(built, "/srv/a $& $1")
    assert.deepStrictEqual(InstalledHome.written(InstalledHome.written(once, "/b"), "/srv/a $& $1"), once)
    assert.deepStrictEqual(InstalledHome.written(once, InstalledHome.builtFor), built)
  })
  it("is found behind whatever starts the program", () =>
    assert.strictEqual(InstalledHome.read(toChunk(`#!/bin/sh\n':' //; exec node\n${InstalledHome.line("/h")}`)), "/h"))
  it("is not in a program of another origin, which is left alone", () => {
    const other = program("const home='/h'\n")
    assert.isUndefined(InstalledHome.read(other))
    assert.deepStrictEqual(InstalledHome.written(other, "/h"), other)
  })
  it("a home whose path is not UTF-8 holds no programs", () => {
    assert.isTrue(InstalledHome.canHoldPrograms(fromText("/srv/Grüße 日本")))
    assert.isFalse(InstalledHome.canHoldPrograms("/srv/\xff"))
  })
})
