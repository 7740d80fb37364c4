/** Installed programs know their home: whatever leads to them, and without a variable. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { program } from "./RunningServer.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-installed-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const home = join(scratch, `my "höme" $x`)
const other = join(scratch, "other")
const variables = (QMAILHOME?: string) => ({ PATH: "/usr/bin:/bin", ...(QMAILHOME !== undefined && { QMAILHOME }) })
const thresher = (...words: ReadonlyArray<string>) =>
  spawnSync(program("thresher"), words, { encoding: "utf8", env: variables() })

beforeAll(() => {
  for (const [place, me] of [
    [home, "home.test"],
    [other, "other.test"]
  ] as const) {
    mkdirSync(join(place, "control"), { recursive: true })
    writeFileSync(join(place, "install.json"), '{"owners":"one"}')
    writeFileSync(join(place, "control/me"), me)
  }
  chmodSync(scratch, 0o755)
  assert.strictEqual(thresher("install", "--home", home).status, 0)
  symlinkSync(join(home, "bin/qmail-showctl"), join(scratch, "link"))
  symlinkSync("link", join(scratch, "link-to-link"))
})

/** Whose control/me it reads. */
const meOf = (command: string, words: ReadonlyArray<string>, environment: NodeJS.ProcessEnv, cwd = "/") => {
  const { stderr, stdout } = spawnSync(command, words, { encoding: "latin1", env: environment, cwd })
  return /My name is (\S+)\./.exec(stdout)?.[1] ?? stderr
}

describe("an installed program, without a variable", () => {
  for (const [how, command, PATH] of [
    ["by its path", join(home, "bin/qmail-showctl"), "/usr/bin:/bin"],
    ["by a link", join(scratch, "link"), "/usr/bin:/bin"],
    ["by a link to a link", join(scratch, "link-to-link"), "/usr/bin:/bin"],
    ["by its name", "qmail-showctl", `${join(home, "bin")}:/usr/bin:/bin`]
  ] as const)
    it(`called ${how} works in the home it was installed for`, () =>
      assert.strictEqual(meOf(command, [], { PATH }), "home.test"))
  it("called from where it lies does too", () =>
    assert.strictEqual(meOf("./qmail-showctl", [], variables(), join(home, "bin")), "home.test"))
  it("has QMAILHOME win over it, but not an empty one", () => {
    assert.strictEqual(meOf(join(home, "bin/qmail-showctl"), [], variables(other)), "other.test")
    assert.strictEqual(meOf(join(home, "bin/qmail-showctl"), [], variables("")), "home.test")
  })
  it("queues there: sendmail, qmail-inject and qmail-queue agree", () => {
    rmSync(join(home, "queue"), { recursive: true })
    const { status } = spawnSync(join(home, "bin/sendmail"), ["joe@home.test"], { input: "\nhi\n", env: variables() })
    assert.strictEqual(status, 111)
    execFileSync(program("thresher"), ["install", "--home", home])
    const sent = spawnSync(join(home, "bin/sendmail"), ["joe@home.test"], { input: "\nhi\n", env: variables() })
    assert.strictEqual(sent.status, 0)
    const listed = spawnSync(join(home, "bin/qmail-qstat"), [], { encoding: "latin1", env: variables() })
    assert.include(listed.stdout, "messages in queue: 1\n")
  })
  it("thresher too, for which --home wins over both", () => {
    const installed = join(home, "bin/thresher")
    const check = (words: ReadonlyArray<string>, environment: NodeJS.ProcessEnv) =>
      spawnSync(installed, ["check", ...words], { encoding: "utf8", env: environment }).stdout
    assert.notInclude(check([], variables()), "error: queue")
    assert.include(check(["--home", other], variables(home)), "error: queue: does not exist")
  })
})

describe.runIf(process.getuid!() === 0 && spawnSync("perl", ["-e", "1"]).status === 0)(
  "with other rights than its caller's (needs root, and perl to start it)",
  () => {
    const showctl = join(home, "bin/qmail-showctl")
    for (const [rights, change] of [
      ["another real user", "$< = 65534"],
      ["another real group", "$( = 65534"]
    ] as const)
      it(`${rights}: QMAILHOME counts for nothing, the installed home stays`, () =>
        assert.strictEqual(
          meOf("perl", ["-e", `${change}; exec { $ARGV[0] } @ARGV`, showctl], variables(other)),
          "home.test"
        ))
  }
)

describe("installing", () => {
  it("below DESTDIR tells the programs where they will stand", () => {
    const destination = join(scratch, "package")
    const { status } = spawnSync(program("instpackage"), [], {
      env: { ...variables("/srv/elsewhere"), DESTDIR: destination }
    })
    assert.strictEqual(status, 0)
    const lines = readFileSync(`${destination}/srv/elsewhere/bin/sendmail`, "latin1").split("\n", 2)
    assert.strictEqual(lines[1], 'const thresherHome="/srv/elsewhere"')
  })
  it("check finds programs of another home; installing again tells them this one", () => {
    const moved = join(scratch, "moved")
    renameSync(home, moved)
    assert.match(
      thresher("check", "--home", moved).stdout,
      /^warning: bin: \d+ programs were installed for the home .*: run thresher install$/m
    )
    execFileSync(join(moved, "bin/thresher"), ["install", "--home", moved])
    assert.strictEqual(meOf(join(moved, "bin/qmail-showctl"), [], variables()), "home.test")
    symlinkSync(moved, home)
    assert.notInclude(thresher("check", "--home", home).stdout, "installed for")
  })
  it("is refused where node could not run the programs", () => {
    const odd = Buffer.concat([Buffer.from(`${scratch}/odd`), Buffer.from([0xff])])
    mkdirSync(odd)
    const { status } = spawnSync("sh", [
      "-c",
      `"$0" install --home "$1$(printf '\\377')"`,
      program("thresher"),
      `${scratch}/odd`
    ])
    assert.strictEqual(status, 100)
  })
})
