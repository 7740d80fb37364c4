import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

/** The programs that make and show databases, in a qmail home of their own, with real descriptors. */

const home = mkdtempSync(join(tmpdir(), "thresher-databases-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
for (const directory of ["control", "users", "fake", "fake-perl"]) mkdirSync(join(home, directory))

const run = (
  name: string,
  args: ReadonlyArray<string> = [],
  input: string | Buffer = "",
  environment: Readonly<Record<string, string>> = {}
) => {
  const { status, stderr, stdout } = spawnSync(resolve(import.meta.dirname, "../../dist/bin", name), args, {
    input,
    encoding: "latin1",
    env: { PATH: process.env["PATH"]!, QMAILHOME: home, ...environment }
  })
  return { exit: status, stdout, stderr }
}
const quiet = { exit: 0, stdout: "", stderr: "" }
const put = (path: string, content: string) => writeFileSync(join(home, path), content, "latin1")

describe("qmail-newu", () => {
  it("replaces users/cdb as a whole; a bad users/assign leaves it alone", () => {
    put("users/assign", "=joe:joe:1:2:/home/joe:::\n.\n")
    assert.deepStrictEqual(run("qmail-newu"), quiet)
    const made = readFileSync(join(home, "users/cdb"))
    assert.strictEqual(statSync(join(home, "users/cdb")).mode & 0o777, 0o644)
    put("users/assign", "=joe:joe:1:2:/home/joe:::\n")
    assert.deepStrictEqual(run("qmail-newu"), {
      exit: 111,
      stdout: "",
      stderr: "qmail-newu: fatal: bad format in users/assign\n"
    })
    assert.isTrue(readFileSync(join(home, "users/cdb")).equals(made))
    assert.isFalse(existsSync(join(home, "users/cdb.tmp")))
  })
  it("names each step that can fail", () => {
    const failure = (text: string) => ({ exit: 111, stdout: "", stderr: `qmail-newu: fatal: ${text}\n` })
    rmSync(join(home, "users/assign"))
    assert.deepStrictEqual(run("qmail-newu"), failure("unable to open users/assign"))
    mkdirSync(join(home, "users/assign"))
    assert.deepStrictEqual(run("qmail-newu"), failure("unable to read users/assign"))
    rmSync(join(home, "users/assign"), { recursive: true })
    put("users/assign", ".\n")
    mkdirSync(join(home, "users/cdb.tmp"))
    assert.deepStrictEqual(run("qmail-newu"), failure("unable to open users/cdb.tmp"))
    rmSync(join(home, "users/cdb.tmp"), { recursive: true })
    rmSync(join(home, "users/cdb"))
    mkdirSync(join(home, "users/cdb"))
    assert.deepStrictEqual(run("qmail-newu"), failure("unable to move users/cdb.tmp to users/cdb"))
    rmSync(join(home, "users/cdb"), { recursive: true })
    assert.deepStrictEqual(run("qmail-newu", [], "", { QMAILHOME: join(home, "nowhere") }), failure("unable to chdir"))
  })
})

describe("qmail-newmrh", () => {
  it("makes control/morercpthosts.cdb, or says what is in the way", () => {
    const failure = (text: string) => ({ exit: 111, stdout: "", stderr: `qmail-newmrh: fatal: ${text}\n` })
    assert.deepStrictEqual(run("qmail-newmrh"), failure("unable to read control/morercpthosts: file does not exist"))
    put("control/morercpthosts", "A.example\n")
    assert.deepStrictEqual(run("qmail-newmrh"), quiet)
    assert.include(readFileSync(join(home, "control/morercpthosts.cdb"), "latin1"), "a.example")
    mkdirSync(join(home, "control/morercpthosts.tmp"))
    assert.deepStrictEqual(run("qmail-newmrh"), failure("unable to write to control/morercpthosts.tmp: is a directory"))
    rmSync(join(home, "control/morercpthosts.tmp"), { recursive: true })
  })
})

describe("qmail-pw2u", () => {
  const own = process.geteuid!() === 0 ? "65534" : String(process.geteuid!())
  const passwd = `alias:x:${own}:2108::${home}:/bin/true\njoe:x:507:100::/no/such/home:/bin/sh`
  it("by default leaves out who has no home, and wants an alias user", () => {
    assert.deepStrictEqual(run("qmail-pw2u", [], passwd.split("\n")[1]), {
      exit: 111,
      stdout: "",
      stderr: "qmail-pw2u: fatal: unable to find alias user\n"
    })
    assert.deepStrictEqual(run("qmail-pw2u", ["-h"], passwd.split("\n")[1]), {
      exit: 111,
      stdout: "",
      stderr: "qmail-pw2u: fatal: unable to stat /no/such/home\n"
    })
  })
  it("prints no lines before it knows every home, nor subusers whose account is missing", () => {
    const failed = run("qmail-pw2u", ["-h"], `${passwd}\n`)
    assert.deepStrictEqual(failed, {
      exit: 111,
      stdout: "",
      stderr: "qmail-pw2u: fatal: unable to stat /no/such/home\n"
    })
    put("users/subusers", "list:joe:l:\nother:nobody:x:\n")
    const { stderr, stdout } = run("qmail-pw2u", ["-H"], `${passwd}\n`)
    const withoutLineFeed = run("qmail-pw2u", ["-H"], passwd).stdout
    rmSync(join(home, "users/subusers"))
    assert.strictEqual(stderr, "qmail-pw2u: fatal: unable to find nobody user for subuser\n")
    assert.include(stdout, "=joe:")
    assert.notInclude(stdout, "list")
    assert.include(withoutLineFeed, "=alias:")
    assert.notInclude(withoutLineFeed, "=joe:")
  })
  it("makes lines that qmail-newu takes", () => {
    const { exit, stdout } = run("qmail-pw2u", ["-H"], passwd)
    assert.strictEqual(exit, 0)
    put("users/assign", stdout)
    assert.deepStrictEqual(run("qmail-newu"), quiet)
  })
  it("refuses an unknown option", () =>
    assert.deepStrictEqual(run("qmail-pw2u", ["-x"]), {
      exit: 100,
      stdout: "",
      stderr: "qmail-pw2u: illegal option -- x\n"
    }))
})

describe("qmail-getpw", () => {
  const passwd = join(home, "passwd")
  const uid = process.geteuid!()
  put("control/passwdfile", `${passwd}\n`)
  writeFileSync(passwd, `alias:x:7:8::/q/alias:/\nroot:x:0:0::/:/\njoe:x:${uid || 1}:9::${home}:/\n`)
  const asked = (local: string) => run("qmail-getpw", [local]).stdout.replaceAll("\0", "|")
  it("names the account, or the alias account", () => {
    assert.strictEqual(asked("nosuch-a-b"), "alias|7|8|/q/alias|-|nosuch-a-b|")
    assert.strictEqual(asked("ROOT"), "alias|7|8|/q/alias|-|ROOT|")
    assert.strictEqual(asked(""), "alias|7|8|/q/alias|-||")
    assert.strictEqual(asked("Joe-X"), uid === 0 ? "alias|7|8|/q/alias|-|Joe-X|" : `joe|${uid}|9|${home}|-|X|`)
  })
  it("says nothing where it fails", () => {
    assert.deepStrictEqual(run("qmail-getpw"), { exit: 100, stdout: "", stderr: "" })
    writeFileSync(passwd, "")
    assert.deepStrictEqual(run("qmail-getpw", ["x"]), { exit: 116, stdout: "", stderr: "" })
    rmSync(passwd)
    assert.deepStrictEqual(run("qmail-getpw", ["x"]), { exit: 118, stdout: "", stderr: "" })
    rmSync(join(home, "control/passwdfile"))
  })
})

describe("qmail-showctl", () => {
  it("gives up where there are no controls", () => {
    const { exit, stdout } = run("qmail-showctl", [], "", { QMAILHOME: join(home, "users") })
    assert.strictEqual(exit, 111)
    assert.match(stdout, /^qmail home directory: .*\nOops! Unable to chdir to control\.\n$/s)
  })
  it("[W155] shows our own files, and a shark, only in a home of ours", () => {
    put("control/maxhops", "7\n")
    assert.include(run("qmail-showctl").stdout, "\nmaxhops: I have no idea what this file does.\n")
    assert.include(run("qmail-showctl", ["--shark"]).stdout, "qmail home directory")
    put("install.json", "{}")
    assert.match(run("qmail-showctl").stdout, /\nmaxhops: 7 \(.*\)\.\n/)
    const { exit, stdout } = run("qmail-showctl", ["--shark"])
    assert.deepStrictEqual([exit, stdout.includes("<o")], [0, true])
    rmSync(join(home, "install.json"))
  })
})

describe("config-fast", () => {
  it("writes the names, and adds to locals and rcpthosts", () => {
    put("control/locals", "old.example\n")
    const { exit, stdout } = run("config-fast", ["mail.shark.example"])
    assert.strictEqual(exit, 0)
    assert.strictEqual(
      stdout,
      [
        "Your fully qualified host name is mail.shark.example.",
        "Putting mail.shark.example into control/me...",
        "Putting shark.example into control/defaultdomain...",
        "Putting shark.example into control/plusdomain...",
        "Putting mail.shark.example into control/locals...",
        "Putting mail.shark.example into control/rcpthosts...",
        "Now qmail will refuse to accept SMTP messages except to mail.shark.example.",
        "Make sure to change rcpthosts if you add hosts to locals or virtualdomains!\n"
      ].join("\n")
    )
    assert.strictEqual(readFileSync(join(home, "control/locals"), "utf8"), "old.example\nmail.shark.example\n")
    assert.strictEqual(readFileSync(join(home, "control/me"), "utf8"), "mail.shark.example\n")
  })
  it("wants a name", () => assert.strictEqual(run("config-fast").exit, 100))
})

describe("qmail-mkids", () => {
  it("[W143] prints commands or lines for what is missing, and edits nothing", () => {
    const passwd = join(home, "mkids-passwd")
    const group = join(home, "mkids-group")
    writeFileSync(passwd, "qmailq:x:999:5::/:/\n")
    writeFileSync(group, "qmail:x:5:\n")
    const shown = (form: string) => run("qmail-mkids", ["-f", form, "-P", passwd, "-G", group]).stdout.split("\n")
    assert.strictEqual(shown("useradd")[0], "groupadd -r nofiles")
    assert.strictEqual(shown("useradd").length, 1 + 6 + 1)
    assert.include(shown("passwd"), `qmaild:x:997:999::${home}:/bin/false`)
    assert.strictEqual(readFileSync(group, "utf8"), "qmail:x:5:\n")
    assert.strictEqual(run("qmail-mkids", ["-f", "ldif"]).exit, 100)
  })
})

describe("splogger", () => {
  const said = join(home, "said")
  const standIn = (path: string): void => {
    put(path, `#!/bin/sh\necho "$1 $2 $#" >'${said}'\n/bin/cat >>'${said}'\n`)
    chmodSync(join(home, path), 0o755)
  }
  const heard = () => readFileSync(said, "utf8").replace(/\d{10}\.\d{6}/g, "STAMP")
  standIn("fake/logger")
  standIn("fake-perl/perl")
  it("feeds one logger with weighed and stamped lines", () => {
    const environment = { PATH: `${join(home, "fake")}:${process.env["PATH"]}` }
    const result = run("splogger", ["qmail"], "status: x\nwarning: y\nalert: z\nunfinished", environment)
    assert.deepStrictEqual(result, quiet)
    assert.strictEqual(heard(), "--prio-prefix -t 3\n<22>STAMP status: x\n<20>STAMP warning: y\n<17>STAMP alert: z\n")
  })
  it("feeds perl with the facility of the kernel, which logger refuses", () => {
    const environment = { PATH: `${join(home, "fake-perl")}:${join(home, "fake")}` }
    assert.deepStrictEqual(run("splogger", ["qmail", "0"], "status: x\n", environment), quiet)
    assert.strictEqual(heard(), "-MSocket -e 5\n<6>STAMP status: x\n")
  })
  it("without perl says it as a user", () => {
    const environment = { PATH: join(home, "fake") }
    assert.deepStrictEqual(run("splogger", ["qmail", "0"], "status: x\n", environment), quiet)
    assert.strictEqual(heard(), "--prio-prefix -t 3\n<14>STAMP status: x\n")
  })
  it("reads to the end where there is no logger", () =>
    assert.deepStrictEqual(run("splogger", [], "x\n".repeat(1000), { PATH: "/nonexistent" }), quiet))
})
