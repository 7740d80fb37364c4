import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import {
  arrivals,
  awaitArrivals,
  makeHome,
  program,
  removeHome,
  type RunningServer,
  startServer
} from "./RunningServer.ts"

/** Real clients send real mail; what lies in the Maildir is what was sent, and the trace lines above it. */

const header = (subject: string, more = "") =>
  `From: Sender <sender@client.test>\nTo: <reader@local.test>\nSubject: ${subject}\n` +
  `Date: Thu, 01 Jan 2026 00:00:00 +0000\nMessage-ID: <1@client.test>\n${more}\n`

const base64Lines = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n")

const everyByte = Uint8Array.from({ length: 4096 }, (_, i) => (i * 31) & 0xff)

const letters: Readonly<Record<string, string>> = {
  "a plain letter": header("plain") + "Hello,\n\nhow are you?\n",
  "an attachment": [
    header("attachment", 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b1"\n'),
    "--b1\nContent-Type: text/plain\n\nSee below.\n",
    '--b1\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="every.bin"\n',
    `Content-Transfer-Encoding: base64\n\n${base64Lines(everyByte)}--b1--\n`
  ].join(""),
  "UTF-8 in header and body":
    header("Grüße, 日本", "Content-Type: text/plain; charset=utf-8\n") + "Ångström 🦈 naïve\n",
  "dots at line starts": header("dots") + ".\n..\n...\n.hidden\n\n.\n. \n.a.\n..\n.\nlast.\n",
  "a line of 100 kB": header("long") + "y".repeat(100_000) + "\nand a short one\n",
  "blanks at line ends, empty lines at the end": header("blanks") + "a \nb\t\n  \n\n\n\n",
  "words that look like a mailbox": header("From") + "From here on\n>From there\nReceived: not a field\n",
  "a body of one empty line": header("hardly a body") + "\n",
  "no newline at the end": header("no end") + "the last words"
}

interface Client {
  readonly name: string
  /** Asks whether it is installed; exits 0 if so. */
  readonly probe: ReadonlyArray<string>
  /** The letter is on descriptor 0 with LF, and in the file `crlf` with CR LF; in `unended` its last LF is missing. */
  readonly command: (port: number, files: Files) => ReadonlyArray<string>
}
interface Files {
  readonly crlf: string
  readonly unended: string
}

const [from, to] = ["sender@client.test", "reader@local.test"]

const withSmtplib = `
import smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as smtp:
    smtp.sendmail("${from}", ["${to}"], open(sys.argv[2], "rb").read())
`
const withNodemailer = `
const [port, file] = process.argv.slice(1)
const transport = require("nodemailer").createTransport({ host: "127.0.0.1", port: Number(port), ignoreTLS: true })
const envelope = { from: "${from}", to: "${to}" }
transport.sendMail({ envelope, raw: require("node:fs").readFileSync(file) }).then(() => transport.close())
`
const hasNodemailer = (() => {
  try {
    return createRequire(import.meta.url).resolve("nodemailer") !== ""
  } catch {
    return false
  }
})()

const clients: ReadonlyArray<Client> = [
  {
    name: "curl",
    probe: ["curl", "--version"],
    command: (port, { crlf }) =>
      `curl -sS -T ${crlf} smtp://127.0.0.1:${port} --mail-from ${from} --mail-rcpt ${to}`.split(" ")
  },
  {
    name: "python3 smtplib",
    probe: ["python3", "-c", "import smtplib"],
    command: (port, { crlf }) => ["python3", "-c", withSmtplib, String(port), crlf]
  },
  {
    name: "nodemailer",
    probe: [process.execPath, "-e", hasNodemailer ? "" : "process.exit(1)"],
    command: (port, { crlf }) => [process.execPath, "-e", withNodemailer, String(port), crlf]
  },
  {
    name: "swaks",
    probe: ["swaks", "--version"],
    // swaks ends the text with a line end of its own, whatever the file ends with.
    command: (port, { unended }) =>
      `swaks --server 127.0.0.1 --port ${port} --from ${from} --to ${to} --data @${unended}`.split(" ")
  },
  {
    name: "msmtp",
    probe: ["msmtp", "--version"],
    command: (port) =>
      `msmtp -C /dev/null --host=127.0.0.1 --port=${port} --from=${from} --tls=off --auth=off ${to}`.split(" ")
  }
]

let home: string
let server: RunningServer

beforeAll(async () => {
  home = makeHome()
  server = await startServer(home)
})
afterAll(async () => {
  await server.end("SIGTERM")
  removeHome(home)
})

/** Runs a client with the letter on descriptor 0; gives its exit code and what it complained of. */
const run = (command: ReadonlyArray<string>, input: Buffer, environment: Readonly<Record<string, string>> = {}) =>
  new Promise<{ readonly code: number | null; readonly complaint: string }>((told) => {
    const child = spawn(command[0]!, command.slice(1), { env: { ...process.env, ...environment } })
    let complaint = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (complaint += text))
    child.on("error", (error) => told({ code: null, complaint: error.message }))
    child.on("close", (code) => told({ code, complaint }))
    // A client that reads a file instead may end before it has read this.
    child.stdin.on("error", () => undefined)
    child.stdin.end(input)
  })

/** The one message that has arrived; it is taken away. */
const taken = async (): Promise<string> => {
  const [file, ...others] = await awaitArrivals(home, 1)
  assert.deepStrictEqual(others, [])
  const text = readFileSync(file!, "latin1")
  unlinkSync(file!)
  return text
}

const date = String.raw`\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000`
const trace = new RegExp(
  `^Return-Path: <sender@client\\.test>\nDelivered-To: reader@local\\.test\n` +
    `Received: \\(qmail \\d+ invoked [^\n]*\\); ${date}\n` +
    `Received: from [^\n]*\\(127\\.0\\.0\\.1\\)\n  by [^\n]+ with SMTP; ${date}\n`
)

describe("What a client sends is what arrives", () => {
  for (const client of clients) {
    const installed = spawnSync(client.probe[0]!, client.probe.slice(1), { stdio: "ignore" }).status === 0
    for (const [title, letter] of Object.entries(letters)) {
      it.skipIf(!installed)(`${client.name}${installed ? "" : " (not installed)"}: ${title}`, async () => {
        const files = { crlf: join(home, "letter.crlf"), unended: join(home, "letter.unended") }
        writeFileSync(files.unended, letter.replace(/\n$/, ""))
        writeFileSync(files.crlf, letter.replaceAll("\n", "\r\n"))
        const { code, complaint } = await run(client.command(server.port, files), Buffer.from(letter))
        assert.strictEqual(code, 0, complaint)
        const sent = Buffer.from(letter).toString("latin1")
        // SMTP has no partial last line.
        const expected = sent.endsWith("\n") ? sent : sent + "\n"
        const arrived = await taken()
        assert.match(arrived, trace)
        assert.strictEqual(arrived.replace(trace, ""), expected)
      })
    }
  }
})

const callers: Readonly<Record<string, ReadonlyArray<string>>> = {
  "mailx: recipients as arguments": ["-i", "reader@local.test"],
  "mailx: sender given, end of options": ["-oi", "-oem", "-f", from, "--", "reader@local.test"],
  "cron of Debian": ["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "reader@local.test"],
  "PHP: recipients from the header": ["-t", "-i"],
  "git send-email": ["-i", "-f", from, "reader@local.test"],
  mutt: ["-oem", "-oi", "-f", from, "--", "reader@local.test"],
  "mutt with dsn_notify": ["-oem", "-oi", "-N", "failure,delay", "-R", "hdrs", "-f", from, "--", "reader@local.test"],
  "cron with -t and a sender": ["-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root"],
  "cron with a null sender": ["-i", "-f", "<>", "Reader <reader@local.test>"],
  "heirloom mailx": ["-i", "-r", from, "reader@local.test"],
  "a ticket system": ["-oi", "-oeq", "-t", "-U", "-V", "id-1", "-O", "ErrorMode=q", "-f", `Tickets <${from}>`]
}

describe("What a program gives to sendmail is what arrives", () => {
  for (const [title, options] of Object.entries(callers)) {
    it(title, async () => {
      const body = "A dot on its own does not end it:\n.\n..\nGrüße\nFrom here on\n\n" + "z".repeat(5000) + "\n"
      const letter = Buffer.from(header("from a program") + body)
      const environment = { QMAILHOME: home }
      const { code, complaint } = await run([program("sendmail"), ...options], letter, environment)
      assert.strictEqual(code, 0, complaint)
      const arrived = await taken()
      assert.match(
        arrived,
        /^Return-Path: <(\S+@\S+)?>\nDelivered-To: reader@local\.test\nReceived: \(qmail \d+ invoked /
      )
      const sent = letter.toString("latin1")
      assert.strictEqual(arrived.slice(arrived.indexOf("\n\n")), sent.slice(sent.indexOf("\n\n")))
      assert.include(arrived, "\nSubject: from a program\n")
      assert.include(arrived, "\nMessage-ID: <1@client.test>\n")
    })
  }

  it("nothing is left over", () => assert.deepStrictEqual(arrivals(home), []))
})
