import { assert, describe, it } from "@effect/vitest"
import { empty, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as SpawnProtocol from "../../../src/core/delivery/SpawnProtocol.ts"
import * as SpawnReport from "../../../src/core/delivery/SpawnReport.ts"

const exited = (exitCode: number) => ({ _tag: "Exited", exitCode }) as const
const killed = { _tag: "Killed", signal: "SIGKILL" } as const

/** What notqmail's qmail-rspawn says to qmail-send for a qmail-remote that writes the left side. */
describe("SpawnReport.ofRemote", () => {
  for (const [output, report] of [
    ["r\0KOK\0", "KOK"],
    ["sT\0DG\0", "ZTG"],
    ["hX\0DG\0", "DXG"],
    ["ZX\0", "ZX"],
    ["hX\0KOK\0", "DX"],
    ["r\0r\0h\0Kok\0", "K"],
    ["xyz\0", "Dyz"],
    ["", "Zqmail-remote produced no output.\n"],
    ["\0", "D"],
    ["\0\0", "D"],
    ["\0Kok\0", "KKok"],
    ["\0Zok\0", "ZZok"],
    ["\0Dok\0", "DDok"],
    ["\0\0Kok\0", "Kok"],
    ["K", "D"],
    ["K\0", "K"],
    ["Kok", "D"],
    ["Kok\0x", "Kok"],
    ["Kok\0Zlater", "Koklater"],
    ["Kok\0Zlater\0", "Koklater"],
    ["Kok\0Dlater\0", "Koklater"],
    ["r\0K\0", "K"],
    ["r\0Kok", "Dok"],
    ["rtext\0Kok\0more\0", "Ktextok"],
    ["s\0Kok\0", "Z"],
    ["s\0Zok\0", "Zok"],
    ["h\0Kok\0", "D"],
    ["h\0Zok\0", "D"],
    ["h\0Dok\0", "Dok"],
    ["r\0\0Kok\0", "K"],
    ["r\0\0", "D"],
    ["r\0x\0Zlate\0", "Z"],
    ["q\0K\0", "K"],
    ["q\0x\0", "D"],
    ["h", "D"],
    ["s", "Z"],
    ["r", "D"],
    ["s\0", "Z"],
    ["h\0", "D"],
    ["Z\0", "Z"],
    ["D\0", "D"],
    ["Zt", "D"],
    ["Dt", "D"],
    ["rtext\0Z\0", "Ztext"],
    ["r1\0r2\0h3\0Kok\0", "K1"],
    ["htext\0Zpartial", "Dtextpartial"],
    ["rtext\0Kpartial", "Dtextpartial"],
    ["stext\0x", "Ztext"]
  ] as const)
    it(JSON.stringify(output), () => assert.strictEqual(SpawnReport.ofRemote(exited(0), output), report))
  it("111: it could not be run", () =>
    assert.strictEqual(SpawnReport.ofRemote(exited(111), "Kok\0"), "ZUnable to run qmail-remote.\n"))
  it("any other code: it cannot be run", () =>
    assert.strictEqual(SpawnReport.ofRemote(exited(100), "Kok\0"), "DUnable to run qmail-remote.\n"))
  it("a crash", () => assert.strictEqual(SpawnReport.ofRemote(killed, "Kok\0"), "Zqmail-remote crashed.\n"))
})

describe("SpawnReport.ofLocal", () => {
  for (const [code, report] of [
    [0, "Ktext\n"],
    [100, "Dtext\n"],
    [111, "Ztext\n"],
    [71, "Ztext\n"],
    [74, "Ztext\n"],
    [75, "Ztext\n"],
    [64, "Dtext\n"],
    [99, "Dtext\n"],
    [113, "ZNot allowed to perform deliveries as root.\n"],
    [115, "ZNFS failure in qmail-local.\n"],
    [116, "ZUnable to find alias user!\n"],
    [117, "ZTrouble reading users/cdb in qmail-lspawn.\n"],
    [118, "ZTemporary failure in qmail-lspawn.\n"],
    [120, "ZUnable to run qmail-local.\n"],
    [121, "ZUnable to run qmail-getpw.\n"],
    [126, "DUnable to run qmail-local.\n"]
  ] as const)
    it(`exit code ${code}`, () => assert.strictEqual(SpawnReport.ofLocal(exited(code), "text\n\0rest"), report))
  for (const output of ["", "\0", "\0text\n"])
    it(`nothing before the first NUL: ${JSON.stringify(output)}`, () =>
      assert.strictEqual(SpawnReport.ofLocal(exited(0), output), "K"))
  it("a crash", () => assert.strictEqual(SpawnReport.ofLocal(killed, "text"), "Zqmail-local crashed.\n"))
  it("up to 3000 bytes of output are kept, of more the first 2966 and a notice", () => {
    assert.strictEqual(SpawnReport.cutLocal("x".repeat(3000)).length, 3000)
    assert.strictEqual(SpawnReport.cutLocal("x".repeat(3001)), `${"x".repeat(2966)}\nError report too long, sorry.\n`)
  })
})

describe("SpawnProtocol commands", () => {
  const command = { slot: 0, messId: "19/1123", sender: "s@x", recipient: "r@y" }
  const other = { slot: 255, messId: "0/46", sender: "", recipient: "a b@c" }
  const bytes = toChunk(fromChunk(SpawnProtocol.formatCommand(command)) + fromChunk(SpawnProtocol.formatCommand(other)))
  it("are read as they were written", () =>
    assert.deepStrictEqual(SpawnProtocol.readCommands(empty, bytes).commands, [command, other]))
  it("byte by byte too, and a part of one is none", () => {
    const read: Array<SpawnProtocol.SpawnCommand> = []
    let rest: Uint8Array = empty
    for (const byte of [...bytes, 7, 48]) {
      const step = SpawnProtocol.readCommands(rest, Uint8Array.of(byte))
      rest = step.rest
      read.push(...step.commands)
    }
    assert.deepStrictEqual(read, [command, other])
    assert.strictEqual(rest.length, 2)
  })
  for (const [what, change, objection] of [
    ["nothing wrong", {}, undefined],
    ["a slot beyond the limit", { slot: 120 }, "ZInternal error: delnum too big. (#4.3.5)\n"],
    ["a slot in use", { slot: 3 }, "ZInternal error: delnum in use. (#4.3.5)\n"],
    ["a letter in the id", { messId: "x/46" }, "DInternal error: messid has nonnumerics. (#5.3.5)\n"],
    ["a way out of the directory", { messId: "0/../46" }, "DInternal error: messid has nonnumerics. (#5.3.5)\n"],
    ["an absolute id", { messId: "/46" }, "DInternal error: messid has nonnumerics. (#5.3.5)\n"],
    ["a long id", { messId: "1".repeat(100) }, "DInternal error: messid too long. (#5.3.5)\n"],
    ["no id", { messId: "" }, "DInternal error: messid too short. (#5.3.5)\n"],
    ["no host", { recipient: "bare" }, "DSorry, address must include host name. (#5.1.3)\n"]
  ] as const)
    it(`are objected to: ${what}`, () =>
      assert.strictEqual(
        SpawnProtocol.objection({ ...command, ...change }, 120, (slot) => slot === 3),
        objection
      ))
})

describe("SpawnProtocol reports", () => {
  const read = (text: string, size = text.length) => {
    const reports: Array<string> = []
    let rest = ""
    for (let at = 0; at < text.length; at += size) {
      const step = SpawnProtocol.readReports(rest, toChunk(text.slice(at, at + size)))
      rest = step.rest
      for (const { report, slot } of step.reports) reports.push(`${slot} ${report}`)
    }
    return reports
  }
  for (const size of [1, 3, 1000])
    it(`several in one read, or one in several (${size} bytes)`, () =>
      assert.deepStrictEqual(read("\x05Kok\0\0Zlater\0\xffDno\0\x01K", size), ["5 Kok", "0 Zlater", "255 Dno"]))
  it("the number 0 does not end a report, and an empty report has no letter", () =>
    assert.deepStrictEqual(read("\0\0\0K\0", 1), ["0 ", "0 K"]))
  it("a report is cut at 10000 bytes with its number", () =>
    assert.deepStrictEqual(
      read(`\x01K${"x".repeat(20000)}\0\x02Kok\0`, 777).map((report) => report.length),
      [2 + 9999, 5]
    ))
  it("what a spawner writes is what qmail-send reads", () =>
    assert.deepStrictEqual(read(fromChunk(SpawnProtocol.formatReport(7, "Kfine\n"))), ["7 Kfine\n"]))
})
