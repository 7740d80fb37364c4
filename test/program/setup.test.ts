/** instpackage, instchown and instcheck: a home is made, given away and looked at. */
import { assert, beforeEach, describe, it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { afterAll } from "vitest"
import { program } from "./RunningServer.ts"

const isRoot = process.getuid!() === 0
const scratch = mkdtempSync(join(tmpdir(), "thresher-setup-"))
afterAll(() => rmSync(scratch, { recursive: true }))

/** All roles are played by whoever runs the tests: so nothing here but what says so needs root. */
const self = userInfo().username
const selfGroup = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim()
const users = (name: string) =>
  Object.fromEntries(["alias", "qmailq", "qmailr", "qmails", "root"].map((role) => [role, name]))
const record = (names: object, group = selfGroup) =>
  JSON.stringify({ owners: "many", split: 3, users: names, groups: { qmail: group } })

const home = join(scratch, "home")
/** What it said, without its name; that nobody can reach the node of this checkout is not the matter here. */
const run = (name: string, words: ReadonlyArray<string> = [], environment: Readonly<Record<string, string>> = {}) => {
  const { status, stderr, stdout } = spawnSync(program(name), words, {
    encoding: "latin1",
    env: { PATH: process.env["PATH"]!, QMAILHOME: home, ...environment }
  })
  assert.strictEqual(stdout, "")
  const lines = stderr.split("\n").filter((line) => line !== "" && !line.includes("qmail's users may not reach"))
  return { exit: status, said: lines.map((line) => line.replace(`${name}: `, "")) }
}
const quiet = { exit: 0, said: [] }
const fatal = (text: string) => ({ exit: 111, said: [`fatal: ${text}`] })
const warned = (...texts: ReadonlyArray<string>) => ({ exit: 0, said: texts.map((text) => `warning: ${text}`) })
const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8)

/** A home to be, with its record; the first made one is copied from then on. */
const made = join(scratch, "made")
const freshHome = (names: object = users(self), group = selfGroup) => {
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home)
  writeFileSync(join(home, "install.json"), record(names, group))
}
const madeHome = () => {
  if (!existsSync(made)) {
    freshHome()
    assert.deepStrictEqual(run("instpackage"), quiet)
    assert.deepStrictEqual(run("instchown"), quiet)
    renameSync(home, made)
  }
  rmSync(home, { recursive: true, force: true })
  execFileSync("cp", ["-a", made, home])
}

describe("instpackage", () => {
  it("makes a home in which instchown and instcheck find everything, whatever the umask", () => {
    freshHome()
    const { status } = spawnSync("sh", ["-c", 'umask 077; exec "$0"', program("instpackage")], {
      env: { PATH: process.env["PATH"]!, QMAILHOME: home }
    })
    assert.strictEqual(status, 0)
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
    assert.deepStrictEqual(readdirSync(join(home, "queue/mess")), ["0", "1", "2"])
    assert.isTrue(lstatSync(join(home, "queue/lock/trigger")).isFIFO())
    assert.strictEqual(lstatSync(join(home, "queue/lock/tcpto")).size, 1024)
    assert.match(readFileSync(join(home, "bin/qmail-send"), "latin1"), /^#!\/\S*(?: -S .*)?\/\S*node(?: .*)?\n/)
    assert.include(readFileSync(join(home, "man/man8/qmail-send.8"), "utf8"), ".Dt QMAIL-SEND 8\n")
    assert.include(readFileSync(join(home, "doc/control/rcpthosts"), "utf8"), "# example.org\n")
    assert.include(readFileSync(join(home, "doc/INSTALL.md"), "utf8"), "instpackage")
  })
  it("run once more changes no file of the queue, and puts back what was lost", () => {
    madeHome()
    const before = lstatSync(join(home, "queue/lock/sendmutex")).ino
    writeFileSync(join(home, "queue/lock/tcpto"), "timeouts")
    rmSync(join(home, "bin/forward"))
    writeFileSync(join(home, "boot/home"), "old")
    assert.deepStrictEqual(run("instpackage"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
    assert.strictEqual(lstatSync(join(home, "queue/lock/sendmutex")).ino, before)
    assert.strictEqual(readFileSync(join(home, "queue/lock/tcpto"), "utf8"), "timeouts")
    assert.include(readFileSync(join(home, "boot/home"), "utf8"), "qmail-start './Mailbox'")
    assert.notInclude(readdirSync(join(home, "bin")).join(), ".new")
  })
  it("below DESTDIR makes a tree for another root, and touches nothing else", () => {
    rmSync(home, { recursive: true, force: true })
    const destination = join(scratch, "package")
    assert.deepStrictEqual(run("instpackage", [], { DESTDIR: destination }), quiet)
    assert.isFalse(existsSync(home))
    assert.strictEqual(modeOf(`${destination}${home}/bin/qmail-queue`), "4755")
    assert.strictEqual(readdirSync(`${destination}${home}/queue/mess`).length, 23)
    const boot = readFileSync(`${destination}${home}/boot/proc`, "utf8")
    assert.include(boot, `PATH="${home}/bin:$PATH"`)
    assert.notInclude(boot, destination)
  })
  it("queue-only makes nothing but the queue, in a home that is there", () => {
    freshHome()
    assert.deepStrictEqual(run("instpackage", ["queue-only"]), quiet)
    assert.deepStrictEqual(readdirSync(home).sort(), ["install.json", "queue"])
    assert.deepStrictEqual(run("instchown", ["queue-only"]), quiet)
    assert.deepStrictEqual(run("instcheck", ["queue-only"]), quiet)
    rmSync(home, { recursive: true })
    assert.deepStrictEqual(
      run("instpackage", ["queue-only"]),
      fatal(`unable to switch to ${home}: file does not exist`)
    )
  })
  it("keeps a program of another origin, and says so", () => {
    madeHome()
    writeFileSync(join(home, "bin/forward"), "\x7fELF another's")
    assert.deepStrictEqual(run("instpackage"), warned("kept the other forward as forward.before-thresher"))
    assert.strictEqual(readFileSync(join(home, "bin/forward.before-thresher"), "latin1"), "\x7fELF another's")
    assert.deepStrictEqual(run("instcheck"), quiet)
  })
  it("leaves a set-uid qmail-queue of another origin, which instchown and instcheck find right", () => {
    madeHome()
    writeFileSync(join(home, "bin/qmail-queue"), "\x7fELF notqmail's")
    chmodSync(join(home, "bin/qmail-queue"), 0o4711)
    assert.deepStrictEqual(run("instpackage"), quiet)
    assert.strictEqual(readFileSync(join(home, "bin/qmail-queue"), "latin1"), "\x7fELF notqmail's")
    assert.isTrue(existsSync(join(home, "bin/qmail-queue.thresher")))
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
    assert.strictEqual(modeOf(join(home, "bin/qmail-queue")), "4711")
  })
  for (const [what, path, text] of [
    ["a file for a directory", "users", "use HOME/users: it is no directory"],
    ["a file for the FIFO", "queue/lock/trigger", "use HOME/queue/lock/trigger: it is no fifo"]
  ] as const)
    it(`${what}: unable to ${text}`, () => {
      freshHome()
      mkdirSync(dirname(join(home, path)), { recursive: true })
      writeFileSync(join(home, path), "")
      assert.deepStrictEqual(run("instpackage"), fatal(`unable to ${text.replace("HOME", home)}`))
    })
  it("a directory for a program: unable to", () => {
    madeHome()
    rmSync(join(home, "bin/forward"))
    mkdirSync(join(home, "bin/forward"))
    assert.deepStrictEqual(run("instpackage"), fatal("unable to keep .../bin/forward: is a directory"))
  })
  it("puts programs in the place of a link to a working copy, in a home of one owner", () => {
    rmSync(home, { recursive: true, force: true })
    execFileSync(program("thresher"), ["init", "--home", home, "--domain", "here.test"], { stdio: "ignore" })
    assert.isTrue(lstatSync(join(home, "bin")).isSymbolicLink())
    const before = modeOf(program("qmail-start"))
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
    assert.deepStrictEqual(run("instpackage"), quiet)
    assert.isTrue(lstatSync(join(home, "bin")).isDirectory())
    assert.deepStrictEqual(run("instcheck"), quiet)
    assert.isFalse(existsSync(join(home, "boot")))
    assert.strictEqual(modeOf(program("qmail-start")), before)
  })
  it.skipIf(isRoot)("where it may not write, says what it cannot make", () => {
    freshHome()
    chmodSync(home, 0o555)
    assert.deepStrictEqual(run("instpackage", ["queue-only"]), fatal(`unable to mkdir ${home}/queue: access denied`))
    chmodSync(home, 0o755)
  })
})

describe("instchown", () => {
  beforeEach(madeHome)
  it("sets modes", () => {
    chmodSync(join(home, "queue/pid"), 0o755)
    chmodSync(join(home, "alias"), 0o700)
    chmodSync(join(home, "bin/qmail-send"), 0o711)
    chmodSync(join(home, "queue/lock/trigger"), 0o600)
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
  })
  it("makes nothing", () => {
    rmSync(join(home, "bin/forward"))
    assert.deepStrictEqual(run("instchown"), fatal("unable to open .../bin/forward: file does not exist"))
    rmdirSync(join(home, "queue/intd"))
    assert.deepStrictEqual(run("instchown"), fatal(`unable to open ${home}/queue/intd: file does not exist`))
  })
  it("follows no link that qmail's users could have made, but one that stands in the home", () => {
    const prey = join(scratch, "prey")
    writeFileSync(prey, "", { mode: 0o600 })
    rmSync(join(home, "queue/lock/tcpto"))
    symlinkSync(prey, join(home, "queue/lock/tcpto"))
    const refused = fatal(`unable to open ${home}/queue/lock/tcpto: it is a symbolic link`)
    assert.deepStrictEqual(run("instchown"), refused)
    assert.deepStrictEqual(run("instchown", ["queue-only"]), refused)
    assert.strictEqual(modeOf(prey), "600")

    rmSync(join(home, "queue/lock/tcpto"))
    writeFileSync(join(home, "queue/lock/tcpto"), Buffer.alloc(1024))
    renameSync(join(home, "queue"), join(scratch, "disk"))
    symlinkSync(join(scratch, "disk"), join(home, "queue"))
    chmodSync(join(scratch, "disk"), 0o700)
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.strictEqual(modeOf(join(scratch, "disk")), "750")
    rmSync(join(scratch, "disk"), { recursive: true })
  })
  it("follows a directory of the queue to another disk", () => {
    const disk = join(scratch, "disk2")
    mkdirSync(disk)
    for (const part of ["mess", "info", "local"]) {
      renameSync(join(home, "queue", part), join(disk, part))
      symlinkSync(join(disk, part), join(home, "queue", part))
    }
    renameSync(join(home, "alias"), join(disk, "alias"))
    symlinkSync(join(disk, "alias"), join(home, "alias"))
    for (const part of ["mess", "mess/1", "info"]) chmodSync(join(disk, part), 0o777)
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.deepStrictEqual(
      ["mess", "mess/1", "info", "alias"].map((part) => modeOf(join(disk, part))),
      ["750", "750", "700", "2755"]
    )
    assert.deepStrictEqual(run("instcheck"), quiet)
    assert.deepStrictEqual(run("instpackage"), quiet)
    chmodSync(join(home, "queue"), 0o770)
    const reason = "it is a symbolic link in a directory that others may write"
    assert.deepStrictEqual(run("instchown", ["queue-only"]), fatal(`unable to use ${home}/queue/mess: ${reason}`))
    rmSync(disk, { recursive: true })
  })
  it.runIf(isRoot)("follows no link that a user of qmail's made; needs root", () => {
    const [qmailq, other] = [1, 2]
    const disk = join(scratch, "disk3")
    renameSync(join(home, "queue/mess"), disk)
    symlinkSync(disk, join(home, "queue/mess"))
    lchownSync(join(home, "queue/mess"), qmailq, 0)
    const refused = (reason: string) => fatal(`unable to use ${home}/queue/mess: ${reason}`)
    assert.deepStrictEqual(run("instchown"), refused(`it is a symbolic link that uid ${qmailq} made`))
    lchownSync(join(home, "queue/mess"), 0, 0)
    chownSync(disk, other, 0)
    assert.deepStrictEqual(
      run("instchown"),
      refused(`it is a symbolic link to a directory of uid ${other}, not of uid 0`)
    )
    assert.strictEqual(lstatSync(disk).uid, other)
    rmSync(disk, { recursive: true })
  })
  it("takes the tree below DESTDIR", () => {
    const destination = join(scratch, "elsewhere")
    mkdirSync(dirname(`${destination}${home}`), { recursive: true })
    renameSync(home, `${destination}${home}`)
    chmodSync(`${destination}${home}/queue/pid`, 0o755)
    assert.deepStrictEqual(run("instchown", [], { DESTDIR: `${destination}/` }), quiet)
    assert.strictEqual(modeOf(`${destination}${home}/queue/pid`), "700")
    // A home that is not there counts as a qmail home, whose users this machine has or has not.
    const { exit, said } = run("instchown")
    assert.strictEqual(exit, 111)
    assert.match(said.join("\n"), /^fatal: unable to (find user alias|open \S+: file does not exist)$/)
  })
  for (const name of ["instchown", "instcheck"])
    it(`${name} names the user or the group that does not exist`, () => {
      writeFileSync(join(home, "install.json"), record({ ...users(self), qmailr: "no-such-user" }))
      assert.deepStrictEqual(run(name), fatal("unable to find user no-such-user"))
      writeFileSync(join(home, "install.json"), record(users(self), "no-such-group"))
      assert.deepStrictEqual(run(name), fatal("unable to find group no-such-group"))
    })
  it.runIf(isRoot)("gives everything to its owner; needs root", () => {
    const [alias, qmailq, qmailr, qmails] = ["daemon", "bin", "sys", "nobody"]
    const names = { alias, qmailq, qmailr, qmails }
    writeFileSync(join(home, "install.json"), record(names, "daemon"))
    assert.strictEqual(run("instcheck").said.length > 100, true)
    assert.deepStrictEqual(run("instchown"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
    const idOf = (option: string, name: string) => Number(execFileSync("id", [option, name!], { encoding: "utf8" }))
    const owners = (path: string) => {
      const { gid, uid } = lstatSync(join(home, path))
      return [uid, gid]
    }
    const gid = idOf("-g", "daemon")
    assert.deepStrictEqual(owners("alias"), [idOf("-u", "daemon"), gid])
    assert.deepStrictEqual(owners("bin/qmail-queue"), [idOf("-u", "bin"), gid])
    assert.strictEqual(modeOf(join(home, "bin/qmail-queue")), "4755")
    assert.deepStrictEqual(owners("queue/lock/tcpto"), [idOf("-u", "sys"), gid])
    assert.deepStrictEqual(owners("queue/info/2"), [idOf("-u", "nobody"), gid])
    assert.deepStrictEqual(owners("control"), [0, gid])
    // A package is unpacked over it: what was given away is not taken back.
    assert.deepStrictEqual(run("instpackage"), quiet)
    assert.deepStrictEqual(run("instcheck"), quiet)
  })
})

describe("instcheck", () => {
  beforeEach(madeHome)
  it("tells each difference, in the order of the home, and finds fault with none", () => {
    chmodSync(join(home, "queue/pid"), 0o755)
    rmdirSync(join(home, "queue/local/2"))
    rmSync(join(home, "queue/lock/trigger"))
    writeFileSync(join(home, "queue/lock/trigger"), "")
    chmodSync(join(home, "queue/lock/trigger"), 0o622)
    rmSync(join(home, "boot/home"))
    chmodSync(join(home, "bin/qmail-clean"), 0o711)
    chmodSync(join(home, "man/man5/mbox.5"), 0o600)
    writeFileSync(join(home, "man/man5/addresses.5"), "another text")
    const queue = [
      `${home}/queue/pid has wrong permissions`,
      `${home}/queue/local/2 does not exist`,
      `${home}/queue/lock/trigger has wrong type`
    ]
    assert.deepStrictEqual(
      run("instcheck"),
      warned(
        ...queue,
        ".../boot/home does not exist",
        ".../bin/qmail-clean has wrong permissions",
        ".../man/man5/mbox.5 has wrong permissions"
      )
    )
    assert.deepStrictEqual(run("instcheck", ["queue-only"]), warned(...queue))
  })
  it("gives up where it cannot enter", () => {
    rmSync(join(home, "boot"), { recursive: true })
    assert.deepStrictEqual(run("instcheck"), {
      exit: 111,
      said: [`warning: ${home}/boot does not exist`, `fatal: unable to switch to ${home}/boot: file does not exist`]
    })
  })
  it("takes no notice of DESTDIR", () => assert.deepStrictEqual(run("instcheck", [], { DESTDIR: "/nowhere" }), quiet))
  it.runIf(isRoot)("sees another owner and another group; needs root", () => {
    chownSync(join(home, "queue/todo"), 60_001, 60_002)
    assert.deepStrictEqual(
      run("instcheck"),
      warned(`${home}/queue/todo has wrong owner`, `${home}/queue/todo has wrong group`)
    )
  })
})

describe("all three", () => {
  for (const name of ["instpackage", "instchown", "instcheck"]) {
    it(`${name} takes no other word`, () =>
      assert.deepStrictEqual(run(name, ["queueonly"]), { exit: 100, said: [`usage: ${name} [ queue-only ]`] }))
    it(`${name} wants a home that can stand in PATH`, () =>
      assert.deepStrictEqual(run(name, [], { QMAILHOME: "/a:b" }), {
        exit: 100,
        said: ["fatal: unable to use /a:b: a home is an absolute path without colon and line feed"]
      }))
  }
})
