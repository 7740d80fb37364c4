/** The manual and the samples say what the code does; whoever changes a setting runs scripts/make-control-man.mjs. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as ControlSamples from "../src/core/control/ControlSamples.ts"
import * as CopiedFiles from "../src/core/home/CopiedFiles.ts"
import * as LimitsCheck from "../src/core/home/LimitsCheck.ts"
import * as Programs from "../src/core/home/Programs.ts"
import * as SpawnProtocol from "../src/core/delivery/SpawnProtocol.ts"
import * as SpawnReport from "../src/core/delivery/SpawnReport.ts"
import * as EnvelopeRecords from "../src/core/envelope/EnvelopeRecords.ts"
import * as ConnectionLimits from "../src/core/intake/ConnectionLimits.ts"

const root = resolve(import.meta.dirname, "..")
const manual = join(root, "docs/man")
const pages = readdirSync(manual).filter((name) => /\.[1578]$/.test(name))

describe("docs/man", () => {
  it("qmail-control(5) is made from the table of settings", async () => {
    const { page } = (await import(pathToFileURL(join(root, "scripts/make-control-man.mjs")).href)) as {
      page: () => string
    }
    assert.strictEqual(readFileSync(join(manual, "qmail-control.5"), "utf8"), page())
  })
  it("every page names itself, says what it is about, and points elsewhere", () => {
    for (const name of pages) {
      const text = readFileSync(join(manual, name), "utf8")
      const [, title, section] = /^(.*)\.([1578])$/.exec(name)!
      assert.include(text, `.Dt ${title!.toUpperCase()} ${section}\n`, name)
      for (const heading of ["NAME", "DESCRIPTION", "SEE ALSO"]) assert.include(text, `.Sh ${heading}\n`, name)
    }
  })
  it("there is a page for every program", () => {
    const programs = readdirSync(join(root, "src/bin")).map((name) => name.replace(/\.ts$/, ""))
    assert.deepStrictEqual(
      programs.filter((name) => !pages.includes(`${name}.8`) && !pages.includes(`${name}.1`)),
      []
    )
  })
  it("the page of a program is in the section that the table names", () =>
    assert.deepStrictEqual(
      Programs.all.map(({ name, section }) => `${name}.${section}`).filter((page) => !pages.includes(page)),
      []
    ))
  it("there is a page for every page of notqmail's sections 5 and 7, and qmail-command(8)", () => {
    const named = [
      ...["addresses", "dot-qmail", "envelopes", "maildir", "mbox", "qmail-control", "qmail-header", "qmail-log"].map(
        (name) => `${name}.5`
      ),
      "qmail-users.5",
      "tcp-environ.5",
      "forgeries.7",
      "qmail-limits.7",
      "qmail.7",
      "qmail-command.8"
    ]
    assert.deepStrictEqual(
      named.filter((page) => !pages.includes(page)),
      []
    )
  })
  it("every page that another one points to is there", () => {
    const system = ["biff.1", "flock.1", "getent.1", "logger.1", "mkfifo.1", "node.1", "perl.1", "setpriv.1"]
    const others = [...system, "resolv.conf.5", "sh.1", "systemd.socket.5", "groupadd.8", "useradd.8"]
    for (const name of pages)
      for (const [, title, section] of readFileSync(join(manual, name), "utf8").matchAll(/^\.Xr (\S+) ([1578])/gm))
        if (!others.includes(`${title}.${section}`)) assert.include(pages, `${title}.${section}`, name)
  })
  it("the page of limits has the numbers that the code has", () => {
    const page = readFileSync(join(manual, "qmail-limits.7"), "utf8")
    for (const kib of Object.values(LimitsCheck.addressSpaceKiB)) assert.include(page, kib.toLocaleString("en"))
    const { connectionsMax, connectionsPerClientMax } = ConnectionLimits.defaults
    assert.include(page, `${connectionsMax.toLocaleString("en")} at once, ${connectionsPerClientMax} of them`)
    assert.include(page, `${(EnvelopeRecords.addressBytesMax - 1).toLocaleString("en")} bytes`)
    assert.include(page, `${SpawnProtocol.reportBytesMax.toLocaleString("en")} bytes of what a delivery says`)
    assert.include(page, `${SpawnReport.localBytesMax.toLocaleString("en")} of what a local command`)
  })
  it("mandoc, where it is installed, finds nothing to say", () => {
    const { error, stdout } = spawnSync("mandoc", ["-T", "lint", "-W", "warning", ...pages], {
      cwd: manual,
      encoding: "utf8"
    })
    if (error === undefined) assert.strictEqual(stdout, "")
  })
})

describe("control", () => {
  it("holds one sample a control file, as installed", () => {
    const samples = Object.fromEntries(ControlSamples.all.map(({ content, name }) => [name, content]))
    const found = Object.fromEntries(
      readdirSync(join(root, "control"))
        .filter((name) => !name.includes(".") || name in samples)
        .map((name) => [name, readFileSync(join(root, "control", name), "utf8")])
    )
    assert.deepStrictEqual(found, samples)
  })
})

describe("what is installed", () => {
  const copied = CopiedFiles.entries({ split: 23, owners: "many" }, "/var/qmail")
  const named = (tag: "Manual" | "Document") =>
    copied.flatMap(({ from }) => (from?._tag === tag ? [from.name] : [])).sort()

  it("the table has every program, and no other", () =>
    assert.deepStrictEqual(
      Programs.all.map(({ name }) => name).sort(),
      readdirSync(join(root, "src/bin"))
        .map((name) => name.replace(/\.ts$/, ""))
        .sort()
    ))
  it("it has every manual page but those of programs that stay where they were built", () => {
    const staying = new Set(Programs.all.filter(({ isInstalled }) => !isInstalled).map(({ name }) => name))
    assert.deepStrictEqual(named("Manual"), pages.filter((page) => !staying.has(page.slice(0, -2))).sort())
  })
  it("it has every file of docs/service, and documents that are there", () => {
    const documents = named("Document")
    assert.deepStrictEqual(
      documents.filter((name) => name.startsWith("service/")),
      readdirSync(join(root, "docs/service"))
        .map((name) => `service/${name}`)
        .sort()
    )
    for (const name of documents) assert.isAbove(readFileSync(join(root, "docs", name)).length, 0, name)
  })
})
