import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as LimitsCheck from "../../../src/core/home/LimitsCheck.ts"

const server: LimitsCheck.Plans = {
  owners: "one",
  concurrencyLocal: 100,
  concurrencyRemote: 500,
  connections: 1000,
  dataBytes: 50 << 20
}
const programs: LimitsCheck.Plans = { ...server, owners: "many", concurrencyLocal: 10, concurrencyRemote: 20 }

const limits = (changes: Readonly<Record<string, number>> = {}): string => {
  const rows = [
    ["Max file size", "bytes"],
    ["Max data size", "bytes"],
    ["Max stack size", "bytes"],
    ["Max processes", "processes"],
    ["Max open files", "files"],
    ["Max address space", "bytes"],
    ["Max nice priority", ""]
  ] as const
  const line = (name: string, soft: string, hard: string, unit: string) =>
    `${name.padEnd(26)}${soft.padEnd(21)}${hard.padEnd(21)}${unit.padEnd(10)}\n`
  return (
    line("Limit", "Soft Limit", "Hard Limit", "Units") +
    rows.map(([name, unit]) => line(name, `${changes[name] ?? "unlimited"}`, "unlimited", unit)).join("")
  )
}
const said = (changes: Readonly<Record<string, number>>, plans = server) =>
  LimitsCheck.check(limits(changes), plans).map(({ reason, severity }) => `${severity}: ${reason}`)

describe("LimitsCheck.check", () => {
  for (const [what, plans, changes, findings] of [
    ["no limits", server, {}, []],
    [
      "the softlimit of a run script for qmail",
      programs,
      { "Max address space": 2_000_000, "Max data size": 2_000_000 },
      [
        "address space is limited to 1953 KiB; each program needs 2000000 KiB of address space (softlimit -a 2048000000, not -m, or none at all)",
        "data is limited to 1953 KiB, and should be to 1000000 or not at all"
      ]
    ],
    ["enough for a program", programs, { "Max address space": 2_048_000_000, "Max data size": 2_048_000_000 }, []],
    [
      "enough, but with softlimit -m",
      programs,
      { "Max address space": 2_048_000_000, "Max stack size": 2_048_000_000 },
      ["the stack is limited to 2000000 KiB, which each thread takes: limit it to 8192"]
    ],
    ["a large stack alone", programs, { "Max stack size": 2_048_000_000 }, []],
    [
      "enough for a program, not for the server",
      server,
      { "Max address space": 2_048_000_000 },
      [
        "address space is limited to 2000000 KiB; the server needs 4000000 KiB of address space (softlimit -a 4096000000, not -m, or none at all)"
      ]
    ],
    [
      "few files",
      server,
      { "Max open files": 1024 },
      ["open files are limited to 1024; 1000 clients and 600 deliveries take 1764"]
    ],
    ["as many for spawners", programs, { "Max open files": 1024 }, []],
    ["few processes", programs, { "Max processes": 100 }, ["processes are limited to 100; 30 deliveries take 240"]],
    [
      "files smaller than messages",
      server,
      { "Max file size": 10_000_000 },
      ["files are limited to 10000000 bytes, messages to 52428800"]
    ],
    [
      "any limit on files, none on messages",
      { ...server, dataBytes: 0 },
      { "Max file size": 1e12 },
      ["files are limited to 1000000000000 bytes, messages are not"]
    ]
  ] as const)
    it(what, () =>
      assert.deepStrictEqual(
        said(changes, plans),
        findings.map((text) => `warning: ${text}`)
      )
    )

  it("a system without /proc says nothing", () => assert.deepStrictEqual(LimitsCheck.check("", server), []))

  it("INSTALL names the same numbers", () => {
    const text = readFileSync(join(resolve(import.meta.dirname, "../../.."), "docs/INSTALL.md"), "utf8")
    for (const kib of Object.values(LimitsCheck.addressSpaceKiB)) {
      assert.include(text, kib.toLocaleString("en"))
      assert.include(text, `softlimit -a ${kib * 1024}`)
    }
  })
})
