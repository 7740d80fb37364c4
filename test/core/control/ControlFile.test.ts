import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as ControlFile from "../../../src/core/control/ControlFile.ts"
import * as ControlMap from "../../../src/core/control/ControlMap.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import * as Settings from "../../../src/core/control/Settings.ts"

describe("ControlFile.line", () => {
  for (const [content, value] of [
    ["a.example\n", "a.example"],
    ["a.example", "a.example"],
    ["a \t\nb\n", "a"],
    [" a\r\n", " a\r"],
    ["", ""],
    ["\nb", ""]
  ] as const)
    it(`${JSON.stringify(content)} is ${JSON.stringify(value)}`, () =>
      assert.strictEqual(ControlFile.line(content), value))
})

describe("ControlFile.lineOf", () => {
  for (const [content, qmail, ours] of [
    ["mx.example\0x\ny", "mx.example\0x", "mx.example"],
    ["mx.example \0x", "mx.example \0x", "mx.example"],
    ["\0x\ny", "\0x", ""],
    ["a\nb\0c", "a", "a"]
  ] as const)
    it(`${JSON.stringify(content)} is ${JSON.stringify(ours)} in homes of our own`, () =>
      assert.deepStrictEqual([ControlFile.lineOf(content, true), ControlFile.lineOf(content, false)], [qmail, ours]))
})

describe("ControlFile.integer", () => {
  for (const [content, value] of [
    ["30\n", 30],
    ["30 seconds\n", 30],
    ["007", 7],
    ["\n", undefined],
    ["x", undefined],
    ["-3", undefined],
    [" 3", undefined]
  ] as const)
    it(`${JSON.stringify(content)} is ${value ?? "as if missing"}`, () =>
      assert.deepStrictEqual(ControlFile.integer(content), Result.succeed(Option.fromUndefinedOr(value))))
  it("refuses a number that would wrap", () =>
    assert.isTrue(Result.isFailure(ControlFile.integer("99999999999999999999"))))
})

describe("ControlFile.list", () => {
  it("leaves out comments and empty lines, keeps leading blanks and a last line without line feed", () =>
    assert.deepStrictEqual(ControlFile.list("a \n#b\n\n c\t\n #d\ne"), ["a", " c", " #d", "e"]))
  it("a NUL ends an entry, and makes a line empty that begins with it", () =>
    assert.deepStrictEqual(ControlFile.list("a:b\0c\n\0d\ne\0\n"), ["a:b", "c", "e", ""]))
  it("lines alone keep it: qmail-newmrh takes it for a part of the name", () =>
    assert.deepStrictEqual(ControlFile.lines("a\0b \n#c\n\0d"), ["a\0b", "\0d"]))
  it("in homes of our own no NUL makes an empty entry, or one that ends in a blank", () => {
    assert.deepStrictEqual(ControlFile.listOf("a:b \0c\n\0d\ne\0\n", false), ["a:b", "c", "e"])
    assert.deepStrictEqual(ControlFile.listOf("a:b \0c\n\0d\ne\0\n", true), ["a:b ", "c", "e", ""])
  })
  it("control/me in the place of a list", () => {
    assert.deepStrictEqual(ControlFile.listOfMe("a\0b\0", true), ["a", "b", ""])
    assert.deepStrictEqual(ControlFile.listOfMe("a\0b\0", false), ["a", "b"])
    assert.deepStrictEqual(ControlFile.listOfMe("", true), [""])
    assert.deepStrictEqual(ControlFile.listOfMe("", false), [])
  })
  it("an empty file has no entry", () => assert.deepStrictEqual(ControlFile.list(""), []))
})

describe("ControlMap", () => {
  const map = ControlMap.mapOf(["A:1", "nothing", "b:x:y", ":all", "a:2", "c:"])
  for (const [key, value] of [
    ["a", "2"],
    ["A", "2"],
    ["b", "x:y"],
    ["", "all"],
    ["c", ""],
    ["nothing", undefined]
  ] as const)
    it(`"${key}" gives ${value === undefined ? "nothing" : `"${value}"`}`, () =>
      assert.strictEqual(map.find(key), value))
  it("sets fold ASCII case only", () => {
    const set = ControlMap.setOf(["Example.ORG", "\xc0"])
    assert.isTrue(set.has("example.org"))
    assert.isFalse(set.has("\xe0"))
  })
})

describe("Settings", () => {
  for (const [name, file, me, value] of [
    ["defaulthost", undefined, "me.example", "me.example"],
    ["defaulthost", undefined, undefined, "defaulthost"],
    ["defaulthost", "", "me.example", ""],
    ["bouncefrom", undefined, "me.example", "MAILER-DAEMON"],
    ["helohost", undefined, undefined, undefined],
    ["helohost", undefined, "me.example", "me.example"],
    ["me", undefined, "me.example", undefined]
  ] as const)
    it(`${name} ${file === undefined ? "missing" : `"${file}"`}, me ${me ?? "missing"}: ${value ?? "nothing"}`, () =>
      assert.strictEqual(Settings.lineOr(Settings.settings[name], file, me), value))
  for (const [name, me, value] of [
    ["envnoathost", "me.example", "me.example"],
    ["envnoathost", "", "envnoathost"],
    ["doublebounceto", "me.example", "postmaster"],
    ["smtpgreeting", "me.example", ""],
    ["localiphost", "me.example", ""]
  ] as const)
    it(`an empty ${name}, me "${me}", in homes of our own: "${value}"`, () =>
      assert.strictEqual(Settings.lineOr(Settings.settings[name], "", me, false), value))
  it("names every control file once", () => {
    const names = Settings.all.map((setting) => setting.name)
    assert.strictEqual(new Set(names).size, names.length)
  })
  it("limits messages to 50 MiB in our homes and not at all in qmail's", () => {
    assert.strictEqual(Settings.integerOr(Settings.settings.databytes, undefined, false), 52428800)
    assert.strictEqual(Settings.integerOr(Settings.settings.databytes, undefined, true), 0)
    assert.strictEqual(Settings.integerOr(Settings.settings.databytes, 5, false), 5)
  })
})

describe("InstallRecord", () => {
  it("what is written is read", () =>
    assert.deepStrictEqual(
      InstallRecord.parse(InstallRecord.format(InstallRecord.ownHome)),
      Result.succeed(InstallRecord.ownHome)
    ))
  it("missing fields are qmail's, but the home is ours", () =>
    assert.deepStrictEqual(InstallRecord.parse("{}"), Result.succeed({ ...InstallRecord.qmailHome, classic: false })))
  for (const [text, reason] of [
    ["", "not JSON"],
    ["\xef\xbb\xbf{}", "text behind a byte order mark; save it without"],
    ["\xff\xfe{\0}\0", "UTF-16 text; save it as UTF-8"],
    ["[]", "not a JSON object"],
    ['{"split":0}', "split must be a whole number from 1 to 1000"],
    ['{"spawn":256}', "spawn must be a whole number from 1 to 255"],
    ['{"owners":"some"}', 'owners must be "one" or "many"'],
    ['{"users":{"alias":1}}', "users must be an object of names"]
  ] as const)
    it(`refuses ${text || "an empty file"}: ${reason}`, () =>
      assert.deepStrictEqual(InstallRecord.parse(text), Result.fail(reason)))
  it("control/classic overrides either way", () => {
    assert.isTrue(InstallRecord.withOverride(InstallRecord.ownHome, "1").classic)
    assert.isFalse(InstallRecord.withOverride(InstallRecord.qmailHome, "0").classic)
    assert.isTrue(InstallRecord.withOverride(InstallRecord.qmailHome, undefined).classic)
  })
})
