/** Other accounts send through a home of one owner: with the server stopped, running, and killed. Needs root to be them. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { awaitArrivals, program, startServer, thresher, until } from "./RunningServer.ts"

const cron = 61033
const thief = 61034
const owner = 61000
const isRoot = process.getuid!() === 0
/** What is run as another account must be able to reach node and the programs. */
const runsAs = (uid: number, command: string, words: ReadonlyArray<string>, input = "") =>
  spawnSync(command, words, { uid, gid: uid, input, encoding: "latin1", env: { PATH: "/usr/bin:/bin" }, cwd: "/" })
const canRun = isRoot && runsAs(cron, program("thresher"), ["help"]).status === 0

describe.runIf(canRun)("Another account and a home of one owner (needs root, and programs that all can reach)", () => {
  const scratch = mkdtempSync(join(tmpdir(), "thresher-drop-"))
  const home = join(scratch, "home")
  const drop = join(home, "drop")
  const files = () => readdirSync(drop).filter((name) => name !== "trigger")
  const sendmail = (text: string, uid = cron) =>
    runsAs(uid, join(home, "bin/sendmail"), ["-t"], `To: joe\nSubject: ${text}\n\nhi\n`)
  const run = (uid: number, script: string) => runsAs(uid, "/bin/sh", ["-c", script]).status
  const subjects = () =>
    readdirSync(join(home, "alias/Maildir/new")).map(
      (name) => /^Subject: (.*)$/m.exec(readFileSync(join(home, "alias/Maildir/new", name), "latin1"))![1]
    )

  beforeAll(() => {
    chmodSync(scratch, 0o755)
    chownSync(scratch, owner, owner)
    const asOwner = (words: ReadonlyArray<string>) =>
      assert.strictEqual(runsAs(owner, program("thresher"), words).stderr, "")
    asOwner(["init", "--home", home, "--domain", "local.test"])
    asOwner(["install", "--home", home])
  })
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it("has a place for it that check finds right", () => {
    const { gid, mode, uid } = lstatSync(drop)
    assert.deepStrictEqual([uid, gid, (mode & 0o7777).toString(8)], [owner, owner, "3777"])
    assert.include(runsAs(owner, join(home, "bin/thresher"), ["check"]).stdout, "nothing to complain about")
  })

  it("leaves mail there while no server runs; nobody else reads, changes, moves or removes it", () => {
    assert.deepInclude(sendmail("waits"), { status: 0, stderr: "", stdout: "" })
    const [name] = files()
    assert.match(name!, new RegExp(`^msg\\.${cron}\\.[0-9a-f]{32}$`))
    const file = join(drop, name!)
    for (const attempt of [
      `cat "${file}"`,
      `: >>"${file}"`,
      `rm -f "${file}"`,
      `mv "${file}" "${drop}/x"`,
      `mv -f /etc/hostname "${file}"`,
      `cat "${drop}/trigger"`,
      `rm -f "${drop}/trigger"`,
      `ls "${home}/queue"`
    ])
      assert.notStrictEqual(run(thief, attempt), 0, attempt)
    assert.deepStrictEqual(files(), [name])
    assert.include(thresher(["queue", "list", "--home", home]).out, "1 more from other accounts in drop")
  })

  it("puts nothing there that is no message, with the exit codes of qmail-queue", () => {
    const queue = (envelope: string) =>
      runsAs(cron, "/bin/sh", [
        "-c",
        `printf 'x' | { printf '${envelope}' | "$0" 1<&0 0</dev/null; }`,
        join(home, "bin/qmail-queue")
      ]).status
    const before = files()
    assert.deepStrictEqual([queue("Fs\\0Tr"), queue("Q"), queue("Fs\\0\\0")], [54, 91, 0])
    assert.deepStrictEqual(files(), before)
  })

  it("is delivered in its own name when the server starts, and at once while it runs", async () => {
    const server = await startServerAs()
    await awaitArrivals(home, 1)
    assert.strictEqual(sendmail("at once").status, 0)
    const arrived = await awaitArrivals(home, 2)
    for (const file of arrived)
      assert.match(
        readFileSync(file, "latin1"),
        new RegExp(`^Received: \\(qmail \\d+ invoked by uid ${cron}\\); `, "m")
      )
    await until("drop is empty", () => files().length === 0)
    // A message that was killed between its delivery and its end comes twice.
    await until("their end", () => server.log().split(" end msg ").length === 3, server.log)
    assert.match(server.log(), new RegExp(`info msg \\d+: bytes \\d+ from <.*> qp \\d+ uid ${cron}\n`))
    await server.end("SIGKILL")
    assert.strictEqual(sendmail("after the kill").status, 0)
    const again = await startServerAs()
    await awaitArrivals(home, 3)
    assert.deepStrictEqual(subjects().sort(), ["after the kill", "at once", "waits"])
    assert.strictEqual(await again.end("SIGTERM"), 0)
  })

  it("throws away what was put there by hand, and takes no mail in another's name", async () => {
    const prey = `msg.${cron}.${"0".repeat(32)}`
    run(
      thief,
      `echo hello >"${drop}/hello"; mkfifo "${drop}/msg.${thief}.${"1".repeat(32)}"; ln -s /etc/passwd "${drop}/${prey}"`
    )
    run(thief, `mkdir "${drop}/directory"`)
    assert.strictEqual(sendmail("original").status, 0)
    const message = files().find((name) => name.startsWith(`msg.${cron}.`) && name !== prey)!
    // As where the kernel lets anybody make links: under another name it is no message.
    linkSync(join(drop, message), join(drop, `msg.${cron}.${"2".repeat(32)}`))
    const server = await startServerAs()
    await until(
      "only the directory is left",
      () => files().join() === "directory",
      () => files().join()
    )
    await awaitArrivals(home, 4)
    assert.strictEqual(subjects().filter((subject) => subject === "original").length, 1)
    assert.match(server.log(), /warning: drop\/hello of uid \d+ was removed: it is no message\n/)
    await server.end("SIGTERM")
    assert.isTrue(lstatSync("/etc/passwd").size > 0)
  })

  it("is refused beyond what one account may have waiting, and nobody else is", () => {
    writeFileSync(join(home, "control/dropmessages"), "2\n")
    assert.deepStrictEqual([sendmail("1").status, sendmail("2").status, sendmail("3").status], [0, 0, 111])
    assert.include(sendmail("3").stderr, "qq more mail of this account waits than may (#4.3.1)")
    assert.strictEqual(sendmail("another's", thief).status, 0)
    writeFileSync(join(home, "control/dropbytes"), "50\n")
    assert.include(sendmail("large").stderr, "qq message too large to wait for the server (#5.3.4)")
  })

  it("is refused where the place is shut, or would let others at it", () => {
    for (const mode of [0o700, 0o777, 0o1777, 0o2777]) {
      chmodSync(drop, mode)
      assert.strictEqual(sendmail("no").status, 111, mode.toString(8))
    }
    chmodSync(drop, 0o1777)
    assert.include(
      runsAs(owner, join(home, "bin/thresher"), ["check"]).stdout,
      "error: drop: others can remove mail, or keep it from its owner"
    )
    chmodSync(drop, 0o3777)
  })

  /** Root starts it as the owner: `startServer` is for the account that runs the tests. */
  const startServerAs = () => startServer(home, [], { uid: owner })
})
