import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const bin = resolve(import.meta.dirname, "../../dist/bin")
const scratch = mkdtempSync(join(tmpdir(), "thresher-qprograms-"))
const home = join(scratch, "home")
const split = 23
afterAll(() => rmSync(scratch, { recursive: true }))

beforeEach(() => {
  rmSync(home, { recursive: true, force: true })
  for (const name of ["control", "queue/pid", "queue/intd", "queue/todo", "queue/bounce", "queue/lock"])
    mkdirSync(join(home, name), { recursive: true })
  for (const name of ["mess", "info", "local", "remote"])
    for (let i = 0; i < split; i++) mkdirSync(join(home, "queue", name, `${i}`), { recursive: true })
})

const ours = () => writeFileSync(join(home, "install.json"), '{"owners":"one"}')
const list = (name: string): ReadonlyArray<string> =>
  readdirSync(join(home, "queue", name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
const leftovers = () => ["pid", "mess", "intd", "todo"].map((name) => list(name).length).join("")

/** sh arranges the descriptors: `redirections` as a shell writes them. */
const queue = (redirections: string) =>
  spawnSync("sh", ["-c", `${redirections.includes("ulimit") ? "" : "exec "}${redirections}`], {
    cwd: scratch,
    env: { PATH: process.env["PATH"]!, QMAILHOME: home, Q: join(bin, "qmail-queue") },
    encoding: "latin1"
  })

writeFileSync(join(scratch, "mail"), "Subject: x\n\nbody\n")
writeFileSync(join(scratch, "long"), "x".repeat(200_000))
for (const [name, content] of [
  ["good", "Fs@x\0Tr@y\0\0"],
  ["nobody", "Fs@x\0\0"],
  ["short", "Fs@x\0Tr@y\0"],
  ["none", ""],
  ["bad", "Fs@x\0Qr@y\0\0"],
  ["toolong", `F${"x".repeat(1003)}\0\0`]
] as const)
  writeFileSync(join(scratch, name), content)

/** There is no full disk at hand for an ordinary user: large writes fail as if there were. */
const fullDisk = join(scratch, "full-disk.cjs")
writeFileSync(
  fullDisk,
  `const fs = require("node:fs"), write = fs.writeSync
  fs.writeSync = (fd, bytes, ...more) => {
    if (bytes.length > 60000) throw Object.assign(new Error("full"), { code: "ENOSPC" })
    return write(fd, bytes, ...more)
  }`
)

describe("qmail-queue", () => {
  it.runIf(process.getuid!() === 0)(
    "run by root in a queue of qmailq: the files are qmailq's, the message is root's",
    () => {
      const qmailq = 61234
      spawnSync("chown", ["-R", `${qmailq}`, join(home, "queue")])
      spawnSync("chmod", ["711", scratch])
      const { status } = queue('"$Q" <mail 1<good')
      const number = list("todo")[0]!
      const files = ["todo", "intd", `mess/${Number(number) % split}`].map((name) => join(home, "queue", name, number))
      assert.deepStrictEqual([status, ...files.map((file) => statSync(file).uid)], [0, qmailq, qmailq, qmailq])
      assert.match(readFileSync(files[0]!, "latin1"), /^u0\0p/)
    }
  )

  for (const [what, line, exitCode, classic, own] of [
    ["queues", '"$Q" <mail 1<good', 0, "0111", "0111"],
    ["queues for nobody, but in a qmail home [W50]", '"$Q" <mail 1<nobody', 0, "0111", "0000"],
    ["envelope cut short", '"$Q" <mail 1<short', 54, "0000", "0000"],
    ["no envelope", '"$Q" <mail 1<none', 54, "0000", "0000"],
    ["not an envelope [W51]", '"$Q" <mail 1<bad', 91, "0110", "0000"],
    ["address too long [W51]", '"$Q" <mail 1<toolong', 11, "0110", "0000"],
    ["descriptor 0 closed", '"$Q" <&- 1<good', 54, "0000", "0000"],
    ["descriptor 1 closed", '"$Q" <mail >&-', 54, "0000", "0000"],
    ["descriptor 0 cannot be read", '"$Q" 0>out 1<good', 54, "0000", "0000"],
    ["descriptor 0 is a directory", '"$Q" <. 1<good', 54, "0000", "0000"],
    ["descriptor 1 cannot be read", '"$Q" <mail 1>out', 54, "0000", "0000"],
    ["descriptor 2 closed", '"$Q" <mail 1<good 2>&-', 0, "0111", "0111"],
    ["a file may not grow so large", 'ulimit -f 8; "$Q" <long 1<good', 53, "0000", "0000"]
  ] as const)
    it(`${what}: exit ${exitCode}`, () => {
      for (const [prepare, left] of [
        [() => {}, classic],
        [ours, own]
      ] as const) {
        for (const name of ["mess", "intd", "todo"])
          for (const directory of name === "mess" ? Array.from({ length: split }, (_, i) => `mess/${i}`) : [name])
            for (const file of readdirSync(join(home, "queue", directory))) rmSync(join(home, "queue", directory, file))
        prepare()
        const { status, stderr, stdout } = queue(line)
        assert.deepStrictEqual([status, stdout, stderr, leftovers()], [exitCode, "", "", left])
      }
    })

  for (const [missing, exitCode] of [
    ["", 61],
    ["queue", 62],
    ["queue/pid", 63],
    ["queue/mess", 64],
    ["queue/intd", 65],
    ["queue/todo", 66]
  ] as const)
    it(`without ${missing || "its home"}: exit ${exitCode}, nothing said`, () => {
      rmSync(join(home, missing), { recursive: true })
      const { status, stderr, stdout } = queue('"$Q" <mail 1<good')
      assert.deepStrictEqual([status, stdout, stderr], [exitCode, "", ""])
    })

  it("says on descriptor 6 that the disk is full, if somebody reads it [W45]", () => {
    const said = join(scratch, "said")
    for (const [prepare, redirection, exitCode, text] of [
      [() => {}, "1<good 6>said", 53, ""],
      [ours, "1<good 6>&-", 53, ""],
      [ours, "1<good 6>said", 82, "Zqq disk full (#4.3.1)"],
      [ours, "2>&1 6>&1 1<good | cat >said; exit", 0, "Zqq disk full (#4.3.1)"]
    ] as const) {
      prepare()
      writeFileSync(said, "")
      const { status } = queue(`"${process.execPath}" --require ${fullDisk} "$Q" <long ${redirection}`)
      assert.deepStrictEqual([status, readFileSync(said, "latin1"), leftovers()], [exitCode, text, "0000"], redirection)
    }
  })

  it("refuses a home whose record cannot be understood: exit 55", () => {
    writeFileSync(join(home, "install.json"), "{")
    assert.strictEqual(queue('"$Q" <mail 1<good').status, 55)
  })

  it("reads a descriptor that somebody left non-blocking", async () => {
    const child = spawn(join(bin, "qmail-queue"), {
      env: { PATH: process.env["PATH"], QMAILHOME: home },
      stdio: ["pipe", "pipe", "inherit"]
    })
    // Pipes of node are sockets, and non-blocking at our end; let the child meet an empty one.
    await new Promise((resolve) => child.stdin!.write("Subject: slow\n", resolve))
    await waitFor(() => list("mess").length === 1)
    child.stdin!.end("\nbody\n")
    ;(child.stdio[1] as unknown as NodeJS.WritableStream).end("Fs\0Tr\0\0")
    assert.deepStrictEqual(await ended(child), { code: 0, signal: null })
    const [id] = list("todo")
    const text = readFileSync(join(home, "queue/mess", `${Number(id) % split}`, id!), "latin1")
    assert.match(text, /^Received: \(qmail [0-9]+ invoked by uid [0-9]+\); [^\n]*\nSubject: slow\n\nbody\n$/)
  })

  for (const [signal, code, left] of [
    ["SIGALRM", 52, "0100"],
    ["SIGABRT", 81, "0100"]
  ] as const)
    it(`${signal} ends it with ${code} and cleans nothing`, async () => {
      const child = waiting()
      await waitFor(() => list("mess").length === 1 && list("pid").length === 0)
      child.kill(signal)
      assert.deepStrictEqual(await ended(child), { code, signal: null })
      assert.strictEqual(leftovers(), left)
    })

  it("does not mind HUP, INT and QUIT", async () => {
    const child = waiting()
    await waitFor(() => list("mess").length === 1 && list("pid").length === 0)
    for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT"] as const) child.kill(signal)
    child.stdin!.end("text")
    ;(child.stdio[1] as unknown as NodeJS.WritableStream).end("Fs\0Tr\0\0")
    assert.deepStrictEqual(await ended(child), { code: 0, signal: null })
  })

  const waiting = (): ChildProcess =>
    spawn(join(bin, "qmail-queue"), {
      env: { PATH: process.env["PATH"], QMAILHOME: home },
      stdio: ["pipe", "pipe", "inherit"]
    })
})

const ended = (child: ChildProcess) =>
  new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on("exit", (code, signal) => resolve({ code, signal }))
  )

const waitFor = async (condition: () => boolean) => {
  while (!condition()) await Effect.runPromise(Effect.sleep(5))
}

const put = (path: string, content: string, mtime?: number) => {
  writeFileSync(join(home, "queue", path), content, "latin1")
  if (mtime !== undefined) utimesSync(join(home, "queue", path), mtime, mtime)
}

const program = (name: string, input = "") =>
  spawnSync(join(bin, name), {
    env: { PATH: process.env["PATH"], QMAILHOME: home },
    input: Buffer.from(input, "latin1"),
    encoding: "latin1"
  })

describe("qmail-clean", () => {
  it("answers a hundred requests sent at once, in order [W71]", () => {
    for (let id = 1; id <= 50; id++) put(`intd/${id}`, "")
    put("mess/0/23", "")
    const requests = Array.from({ length: 50 }, (_, i) => `foop/${i + 1}\0othr/1\0`).join("")
    const { status, stdout } = program("qmail-clean", requests)
    assert.deepStrictEqual([status, stdout], [0, "+x".repeat(50)])
    assert.strictEqual(leftovers(), "0000")
  })
  it("answers an odd request once, in our homes", () => {
    ours()
    put("intd/46", "")
    assert.strictEqual(program("qmail-clean", "foop/46x\0foop/-1\0").stdout, "xx")
    assert.deepStrictEqual(list("intd"), ["46"])
  })
  it("says that it cannot remove", () => {
    mkdirSync(join(home, "queue/intd/7"))
    assert.strictEqual(program("qmail-clean", "foop/7\0").stdout, "!")
  })
  it("removes names that are 36 hours old, before anything else", () => {
    const now = statSync(home).mtimeMs / 1000
    put("pid/old", "", now - 129_700)
    put("pid/new", "", now - 129_500)
    program("qmail-clean")
    assert.deepStrictEqual(list("pid"), ["new"])
  })
  it("exits 111 without its queue", () => {
    rmSync(join(home, "queue"), { recursive: true })
    assert.strictEqual(program("qmail-clean").status, 111)
  })
})

describe("qmail-qread and qmail-qstat", () => {
  it("show the queue", () => {
    put("mess/7/53", "x".repeat(226))
    put("info/7/53", "Fjoe@x\0", 1_000_000_000)
    put("local/7/53", "Da\0Tb c\0")
    put("remote/7/53", "Tw\xe4@y\0")
    put("bounce/53", "text")
    put("info/8/54", "Fgone@x\0", 1_000_000_000)
    put("todo/55", "")
    assert.strictEqual(
      program("qmail-qread").stdout,
      "9 Sep 2001 01:46:40 GMT  #53  226  <joe@x>  bouncing\n" +
        "  done\tlocal\ta\n\tlocal\tb c\n\tremote\tw_@y\n" +
        "warning: trouble with #54: file does not exist\n"
    )
    assert.strictEqual(
      program("qmail-qstat").stdout,
      "messages in queue: 1\nmessages in queue but not yet preprocessed: 1\n"
    )
  })
  it("give up without a queue", () => {
    rmSync(join(home, "queue"), { recursive: true })
    for (const name of ["qmail-qread", "qmail-qstat"]) {
      const { status, stdout } = program(name)
      assert.deepStrictEqual([status, stdout], [111, "fatal: unable to chdir: file does not exist\n"])
    }
  })
})

describe("qmail-upq", () => {
  it("sorts files into the subdirectories of the split", () => {
    put("mess/46", "a")
    put("info/3/46", "b", 1_000_000_000)
    put("local/0/46", "c")
    put("local/0/notes", "d")
    assert.strictEqual(program("qmail-upq").status, 0)
    for (const name of ["mess", "info", "local"]) assert.isTrue(list(name).includes("46"))
    assert.strictEqual(readFileSync(join(home, "queue/mess/0/46"), "latin1"), "a")
    assert.strictEqual(statSync(join(home, "queue/info/0/46")).mtimeMs, 1_000_000_000_000)
    assert.deepStrictEqual(readdirSync(join(home, "queue/local/0")), ["46", "notes"])
  })
})
