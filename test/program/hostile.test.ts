/**
 * Every program, whatever it is given: it ends by itself, with an exit code of its own, and never shows a stack trace.
 * What each condition means for each program is tested elsewhere; this is the walk that forgets none.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { settings } from "../../src/core/control/Settings.ts"

const bin = resolve(import.meta.dirname, "../../dist/bin")
const programs = readdirSync(bin).filter((name) => name !== "package.json" && !name.startsWith("."))
const scratch = mkdtempSync(join(tmpdir(), "thresher-hostile-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const makeHome = (name: string, fill: (file: string) => void): string => {
  const home = join(scratch, name)
  for (const directory of ["control", "users", "alias", "queue/mess", "queue/lock", "queue/pid"])
    mkdirSync(join(home, directory), { recursive: true })
  symlinkSync(bin, join(home, "bin"))
  for (const setting of Object.values(settings)) fill(join(home, "control", setting.name))
  for (const file of ["users/cdb", "users/assign"]) fill(join(home, file))
  return home
}
const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))
const good = makeHome("good", () => {})
writeFileSync(join(good, "control/me"), "me.example\n")

/** What the programs read from their environment, but for QMAILHOME and PATH. */
const variables =
  "USER HOME SHELL LOCAL HOST HOST2 EXT EXT2 DEFAULT SENDER NEWSENDER RECIPIENT RPLINE DTLINE UFLINE MAIL MAILTMP " +
  "MAILDIR QMAILUSER MAILUSER LOGNAME QMAILHOST MAILHOST QMAILNAME MAILNAME NAME QMAILSUSER QMAILSHOST QMAILINJECT " +
  "QMAILMFTFILE QMAILDEFAULTDOMAIN QMAILDEFAULTHOST QMAILPLUSDOMAIN QMAILIDHOST QMAILQUEUE TCPREMOTEIP TCPREMOTEHOST " +
  "TCPREMOTEINFO TCPREMOTEPORT TCPLOCALIP TCPLOCALHOST TCPLOCALPORT PROTO RELAYCLIENT DATABYTES IFS DESTDIR"

interface Condition {
  readonly home?: string
  /** What a shell does before it becomes the program "$0" with the arguments "$@". */
  readonly shell?: string
  readonly redirect?: string
  readonly stdin?: Uint8Array
}
const odd = String.raw`odd=$(printf '\377\376\200\n\t"\\x$(')`
const exporting = `for name in ${variables}; do export "$name=$odd"; done`

const conditions: Readonly<Record<string, Condition>> = {
  "no argument, nothing to read": {},
  "all descriptors closed": { redirect: "<&- >&- 2>&-" },
  "nobody takes what it says": { redirect: ">/dev/full 2>/dev/full </dev/null" },
  "a directory as its input": { redirect: "</" },
  // What node writes would lie in the directory in which it runs.
  "a caller that steers node": {
    shell: `export NODE_OPTIONS="--require=$PWD/no-such-module" NODE_DEBUG='*' NODE_DEBUG_NATIVE=mksnapshot NODE_CHANNEL_FD=0 \
      NODE_V8_COVERAGE="$PWD/written" NODE_COMPILE_CACHE="$PWD/written" NODE_REDIRECT_WARNINGS="$PWD/written" \
      NODE_PENDING_DEPRECATION=1 NODE_EXTRA_CA_CERTS=/etc/passwd OPENSSL_CONF=/etc/passwd NODE_PATH=/ UV_THREADPOOL_SIZE=1`
  },
  "an option of node's that nobody may set": { shell: "export NODE_OPTIONS=--no-such-option" },
  "no PATH": { shell: "unset PATH" },
  "bytes that are no text in every variable": { shell: `${odd}; ${exporting}` },
  "very long variables": { shell: `odd=$(printf '%03000d' 0); ${exporting}` },
  "bytes that are no text in three arguments": { shell: `${odd}; set -- "$odd" "$odd" "$odd"` },
  "eight empty arguments": { shell: `set -- "" "" "" "" "" "" "" ""` },
  "an option that nobody knows": { shell: "set -- -?" },
  "a very long argument": { shell: `set -- "$(printf '%0100000d' 0)"` },
  "noise as its input": { shell: "set -- a b c", stdin: noise },
  "a home that is missing": { home: join(scratch, "missing") },
  "directories where control files should be": { home: makeHome("directories", (file) => mkdirSync(file)) },
  "symbolic links that lead nowhere": { home: makeHome("links", (file) => symlinkSync(file, file)) },
  // Descriptor 1 for reading too: qmail-qmqpc takes an envelope from there, and there is nobody to write one.
  "noise in every control file": {
    home: makeHome("noise", (file) => writeFileSync(file, noise)),
    redirect: "1<>/dev/null"
  }
}

/** instpackage sets up what it is given: in a home that lacks nothing some of the others would wait for mail. */
const homeFor = (program: string, home: string): string => {
  if (program !== "instpackage") return home
  const own = join(mkdtempSync(join(scratch, "set-up-")), "home")
  if (existsSync(home)) cpSync(home, own, { recursive: true, verbatimSymlinks: true })
  return own
}

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly said: string
  /** What lies in its directory afterwards. */
  readonly left: ReadonlyArray<string>
}

const run = (program: string, { home = good, redirect = "", shell = ":", stdin }: Condition) =>
  new Promise<Ending>((resolve) => {
    const directory = mkdtempSync(join(scratch, "in-"))
    const child = spawn("/bin/sh", ["-c", `${shell}; exec "$0" "$@" ${redirect}`, join(bin, program)], {
      env: { PATH: process.env["PATH"], QMAILHOME: homeFor(program, home) },
      cwd: directory,
      timeout: 30_000,
      killSignal: "SIGKILL"
    })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (said += bytes.toString()))
    child.stdin.on("error", () => {})
    child.stdin.end(stdin)
    child.on("close", (code, signal) => {
      resolve({ code, signal, said, left: readdirSync(directory) })
    })
  })

const stackTrace =
  /\n\s+at .+:\d+|node:internal|TypeError|RangeError|UnhandledPromise|\(node:|^[A-Z_]+ \d+: |NODE_OPTIONS|OpenSSL/m

describe("Every program", () => {
  for (const [name, condition] of Object.entries(conditions))
    it(`with ${name}`, async () => {
      const left = [...programs]
      const next = async (): Promise<void> => {
        for (let program = left.pop(); program !== undefined; program = left.pop()) {
          const { code, left, said, signal } = await run(program, condition)
          assert.isNull(signal, `${program} was killed`)
          assert.isBelow(code!, 128, `${program}: ${said}`)
          assert.notMatch(said, stackTrace, program)
          assert.notInclude(left, "written", program)
        }
      }
      await Promise.all([next(), next(), next()])
    })
})
