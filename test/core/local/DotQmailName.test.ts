import { assert, describe, it } from "@effect/vitest"
import * as DotQmailName from "../../../src/core/local/DotQmailName.ts"

const tried = (dash: string, ext: string): ReadonlyArray<string> => {
  const names: Array<string> = []
  let candidate: DotQmailName.Candidate | undefined = DotQmailName.exact({ dash, ext })
  for (; candidate !== undefined; candidate = DotQmailName.following({ dash, ext }, candidate))
    names.push(candidate.file)
  return names
}

const defaultsOf = (dash: string, ext: string): ReadonlyArray<string | undefined> => {
  const parts: Array<string | undefined> = []
  let candidate: DotQmailName.Candidate | undefined = DotQmailName.exact({ dash, ext })
  for (; candidate !== undefined; candidate = DotQmailName.following({ dash, ext }, candidate))
    parts.push(DotQmailName.defaultPart({ dash, ext }, candidate))
  return parts
}

describe("DotQmailName: files tried", () => {
  for (const [dash, ext, files] of [
    ["", "", [".qmail", ".qmaildefault"]],
    ["-", "a", [".qmail-a", ".qmail-default"]],
    ["-", "a-b", [".qmail-a-b", ".qmail-a-default", ".qmail-default"]],
    ["-", "a-b-", [".qmail-a-b-", ".qmail-a-b-default", ".qmail-a-default", ".qmail-default"]],
    ["-", "", [".qmail-", ".qmail-default"]],
    ["-", "Mixed.Case", [".qmail-mixed:case", ".qmail-default"]],
    ["-", "..", [".qmail-::", ".qmail-default"]],
    ["-", "\xc4-x", [".qmail-\xc4-x", ".qmail-\xc4-default", ".qmail-default"]],
    ["-lists-", "a", [".qmail-lists-a", ".qmail-lists-default"]]
  ] as const)
    it(`dash "${dash}", extension "${ext}"`, () => assert.deepStrictEqual(tried(dash, ext), files))

  it("never names a parent directory, whatever the extension", () => {
    for (const ext of ["..", "../..", "a/../b", ".", "./."])
      for (const file of tried("-", ext)) assert.isFalse(file.split("/").includes(".."), file)
  })
})

describe("DotQmailName: DEFAULT", () => {
  for (const [ext, parts] of [
    ["a-B", [undefined, "B", "a-B"]],
    ["a-b-", [undefined, "", "b-", "a-b-"]],
    ["default", ["default", "default"]],
    ["a-Default", ["Default", "Default", "a-Default"]]
  ] as const)
    it(`of extension "${ext}", file after file`, () => assert.deepStrictEqual(defaultsOf("-", ext), parts))
})

describe("DotQmailName: permissions and errors", () => {
  for (const [mode, verdict] of [
    [0o644, "free"],
    [0o664, "free"],
    [0o666, "writable"],
    [0o646, "writable"],
    [0o744, "forwardOnly"],
    [0o755, "forwardOnly"],
    [0o654, "free"],
    [0o757, "writable"]
  ] as const)
    it(`mode ${mode.toString(8)} is ${verdict}`, () =>
      assert.strictEqual(DotQmailName.permission(mode, 0o002), verdict))

  it("the bits that are forbidden are the installation's", () =>
    assert.strictEqual(DotQmailName.permission(0o664, 0o022), "writable"))

  it("a file that may exist but cannot be opened holds the mail", () => {
    for (const errno of ["EACCES", "EPERM", "EIO", "EMFILE", "ETIMEDOUT"]) assert.isTrue(DotQmailName.isTrouble(errno))
    for (const errno of ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]) assert.isFalse(DotQmailName.isTrouble(errno))
  })
})

describe("DotQmailName: the sender of forwards", () => {
  for (const [owner, sender] of [
    ["none", "s@y"],
    ["owner", "joe-l-owner@x"],
    ["ownerDefault", "joe-l-owner-@x-@[]"]
  ] as const)
    it(owner, () => assert.strictEqual(DotQmailName.newSender(owner, "s@y", "joe-l", "x"), sender))

  it("a bounce keeps its sender", () => {
    assert.isFalse(DotQmailName.mayHaveOwner(""))
    assert.isFalse(DotQmailName.mayHaveOwner("#@[]"))
    assert.isTrue(DotQmailName.mayHaveOwner("a@b"))
  })

  it("owner files are named by the whole extension", () => {
    const place = { dash: "-", ext: "L.x" }
    assert.strictEqual(DotQmailName.ownerFile(place), ".qmail-l:x-owner")
    assert.strictEqual(DotQmailName.ownerDefaultFile(place), ".qmail-l:x-owner-default")
  })
})
