import { assert, describe, it } from "@effect/vitest"
import * as Address from "../../../src/core/address/Address.ts"
import * as Domain from "../../../src/core/address/Domain.ts"
import * as Envelope from "../../../src/core/envelope/Envelope.ts"
import * as MessageNumber from "../../../src/core/queue/MessageNumber.ts"
import * as QueueStatus from "../../../src/core/queue/QueueStatus.ts"

describe("Envelope.verpSender", () => {
  for (const [sender, recipient, seen] of [
    ["joe-own-@me.example-@[]", "x-no@rem.example", "joe-own-x-no=rem.example@me.example"],
    ["joe@me.example", "x@y", "joe@me.example"],
    ["-@[]", "x@y", "-@[]"],
    ["a@-@[]", "x@y", "ax=y@"],
    ["a@b-@[]", "noat", "a@b-@[]"],
    ["a@b-@[]", "u@v@w", "au@v=w@b"],
    ["", "x@y", ""],
    ["#@[]", "x@y", "#@[]"]
  ] as const)
    it(`<${sender}> is <${seen}> for ${recipient}`, () =>
      assert.strictEqual(Envelope.verpSender(sender, recipient), seen))
  it("bounces go to the list itself", () => {
    assert.strictEqual(Envelope.bounceRecipient("joe-own-@me.example-@[]"), "joe-own-@me.example")
    assert.strictEqual(Envelope.bounceRecipient("joe@me.example"), "joe@me.example")
  })
})

describe("Address.split and Domain.suffixes", () => {
  it("splits at the last @", () => {
    assert.deepStrictEqual(Address.split("a@b@c"), { box: "a@b", domain: "c" })
    assert.strictEqual(Address.split("a"), undefined)
  })
  it("walks the suffixes that begin with a dot", () => {
    assert.deepStrictEqual(Domain.suffixes("a.b.c"), ["a.b.c", ".b.c", ".c"])
    assert.deepStrictEqual(Domain.suffixes("c"), ["c"])
    assert.deepStrictEqual(Domain.suffixes(".c"), [".c"])
  })
})

describe("MessageNumber", () => {
  for (const [id, directory] of [
    ["53", 7],
    ["23", 0],
    ["9223372036854775807", Number(9223372036854775807n % 23n)]
  ] as const)
    it(`[W153] ${id} lives in subdirectory ${directory}`, () =>
      assert.strictEqual(MessageNumber.mess(id, 23), `mess/${directory}/${id}`))
})

describe("QueueStatus.statusOf", () => {
  const exited = (exitCode: number, failed = false, custom = "") =>
    QueueStatus.statusOf({ qp: 7, ending: { _tag: "Exited", exitCode }, failed, custom })
  const shown = (status: QueueStatus.QueueStatus) =>
    status._tag === "Queued" ? `qp ${status.qp}` : `${status.outcome}: ${status.text}`
  for (const [exitCode, text] of [
    [0, "qp 7"],
    [11, "permanent: envelope address too long for qq (#5.1.3)"],
    [31, "permanent: mail server permanently rejected message (#5.3.0)"],
    [35, "permanent: qq permanent problem (#5.3.0)"],
    [53, "temporary: qq write error or disk full (#4.3.0)"],
    [64, "temporary: qq trouble creating files in queue (#4.3.0)"],
    [120, "temporary: unable to exec qq (#4.3.0)"],
    [77, "temporary: qq temporary problem (#4.3.0)"],
    [82, "temporary: qq temporary problem (#4.3.0)"]
  ] as const)
    it(`exit ${exitCode} is ${text}`, () => assert.strictEqual(shown(exited(exitCode)), text))
  it("exit 82 gives the text of descriptor 6", () => {
    assert.strictEqual(shown(exited(82, false, "Dno spam here")), "permanent: no spam here")
    assert.strictEqual(shown(exited(82, false, "Zqq disk full (#4.3.1)")), "temporary: qq disk full (#4.3.1)")
    assert.strictEqual(shown(exited(82, false, "Xwhat")), "temporary: what")
    assert.strictEqual(shown(exited(82, false, "Dx")), "temporary: qq temporary problem (#4.3.0)")
  })
  it("a withheld envelope is a read error even if the program did not notice", () =>
    assert.strictEqual(shown(exited(0, true)), "temporary: qq read error (#4.3.0)"))
  it("a killed program has crashed", () =>
    assert.strictEqual(
      shown(QueueStatus.statusOf({ qp: 7, ending: { _tag: "Killed", signal: "SIGKILL" }, failed: false, custom: "" })),
      "temporary: qq crashed (#4.3.0)"
    ))
})
