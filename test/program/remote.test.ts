import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { type DnsServer, startDnsServer } from "../DnsServer.ts"
import { type Act, startScriptedHost, well } from "../ScriptedHost.ts"

/** qmail-remote against hosts that fail at every stage, and the programs that look at its table and at the DNS. */

const bin = resolve(import.meta.dirname, "../../dist/bin")
const directory = mkdtempSync(join(tmpdir(), "thresher-remote-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

let inputs = 0
const run = (
  program: string,
  args: ReadonlyArray<string>,
  options: { home?: string; stdin?: string; env?: Readonly<Record<string, string>> } = {}
): Promise<Ended> =>
  new Promise((done, failed) => {
    const input = join(directory, `input${inputs++}`)
    writeFileSync(input, options.stdin ?? "Subject: x\n\nbody\n", "latin1")
    const fd = openSync(input, "r")
    const child = spawn(join(bin, program), args, {
      stdio: [fd, "pipe", "pipe"],
      env: { PATH: process.env["PATH"], ...(options.home !== undefined && { QMAILHOME: options.home }), ...options.env }
    })
    closeSync(fd)
    let stdout = ""
    let stderr = ""
    child.stdout!.on("data", (bytes: Buffer) => (stdout += bytes.toString("latin1")))
    child.stderr!.on("data", (bytes: Buffer) => (stderr += bytes.toString("latin1")))
    child.on("error", failed)
    child.on("close", (exitCode) => done({ exitCode, stdout, stderr }))
  })

let homes = 0
/** `own`: as thresher init makes them; else as qmail has them. */
const makeHome = (own: boolean, controls: Readonly<Record<string, string>>): string => {
  const home = join(directory, `home${homes++}`)
  mkdirSync(`${home}/control`, { recursive: true })
  mkdirSync(`${home}/queue/lock`, { recursive: true })
  writeFileSync(`${home}/queue/lock/tcpto`, new Uint8Array(1024))
  if (own) writeFileSync(`${home}/install.json`, '{"owners":"one"}\n')
  for (const [name, content] of Object.entries({ me: "me.example\n", ...controls }))
    writeFileSync(`${home}/control/${name}`, content)
  return home
}

const said = (text: string) => `Remote host said: ${text}\n\0`
const noConnection = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"
const died = (more = "") => `ZConnected to 127.0.0.1 but connection died. ${more}(#4.4.2)\n\0`

const deliverTo = async (acts: ReadonlyArray<Act>, own = false, controls: Readonly<Record<string, string>> = {}) => {
  const server = await startScriptedHost(acts)
  const home = makeHome(own, { smtproutes: `:127.0.0.1:${server.port}\n`, ...controls })
  const ended = await run("qmail-remote", ["dest.example", "s@x", "r@y"], { home })
  const heard = server.heard()
  server.stop()
  assert.strictEqual(ended.exitCode, 0)
  assert.strictEqual(ended.stderr, "")
  return { report: ended.stdout, heard }
}

describe.concurrent("qmail-remote", () => {
  it("delivers", async () => {
    const { heard, report } = await deliverTo(well)
    assert.strictEqual(report, `r\0K127.0.0.1 accepted message.\n${said("250 queued")}`)
    assert.include(heard, "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n")
  })

  for (const [stage, name, before, duplicate, four, five] of [
    [
      0,
      "the greeting",
      "",
      "",
      "ZConnected to 127.0.0.1 but greeting failed.\n",
      "ZConnected to 127.0.0.1 but greeting failed.\n"
    ],
    [
      1,
      "HELO",
      "",
      "",
      "ZConnected to 127.0.0.1 but my name was rejected.\n",
      "ZConnected to 127.0.0.1 but my name was rejected.\n"
    ],
    [
      2,
      "MAIL",
      "",
      "",
      "ZConnected to 127.0.0.1 but sender was rejected.\n",
      "DConnected to 127.0.0.1 but sender was rejected.\n"
    ],
    [3, "RCPT", "", "", "s127.0.0.1 does not like recipient.\n", "h127.0.0.1 does not like recipient.\n"],
    [4, "DATA", "r\0", "", "Z127.0.0.1 failed on DATA command.\n", "D127.0.0.1 failed on DATA command.\n"],
    [
      5,
      "the message",
      "r\0",
      "Possible duplicate! ",
      "Z127.0.0.1 failed after I sent the message.\n",
      "D127.0.0.1 failed after I sent the message.\n"
    ]
  ] as const) {
    const upTo = well.slice(0, stage)
    const end = stage === 3 ? "DGiving up on 127.0.0.1.\n\0" : ""
    it(`reports 4xx at ${name}`, async () =>
      assert.strictEqual((await deliverTo([...upTo, "450 no"])).report, before + four + said("450 no") + end))
    it(`reports 5xx at ${name}`, async () =>
      assert.strictEqual((await deliverTo([...upTo, "550 no"])).report, before + five + said("550 no") + end))
    for (const how of ["close", "reset"] as const)
      it(`reports a host that does a ${how} at ${name}`, async () => {
        // A reset right behind the connection may be all that is seen of it.
        const unseen = how === "reset" && stage === 0 ? [noConnection] : []
        assert.include([before + died(duplicate), ...unseen], (await deliverTo([...upTo, how])).report)
      })
    it(`reports a host that says nothing at ${name}`, async () =>
      assert.strictEqual(
        (await deliverTo([...upTo, "hang"], false, { timeoutremote: "1\n" })).report,
        before + died(duplicate)
      ))
  }

  it("[W114] speaks EHLO and pipelines in homes of our own, and HELO with control/esmtp 0", async () => {
    const modern = await deliverTo(["220 hi", "250-x\r\n250 PIPELINING", ...well.slice(2)], true)
    assert.match(modern.report, /^r\0K/)
    assert.isTrue(modern.heard.startsWith("EHLO me.example\r\nMAIL FROM:<s@x>\r\nRCPT TO:<r@y>\r\nDATA\r\nSubject"))
    const plain = await deliverTo(well, true, { esmtp: "0\n" })
    assert.isTrue(plain.heard.startsWith("HELO me.example\r\n"))
  })

  for (const how of ["close", "reset", "421 goodbye"] as const)
    it(`says HELO over another connection where EHLO is answered with ${how}, in homes of our own`, async () => {
      const server = await startScriptedHost(["220 hi", how], 0, well)
      const home = makeHome(true, { smtproutes: `:127.0.0.1:${server.port}\n` })
      assert.match((await run("qmail-remote", ["h", "s@x", "r@y"], { home })).stdout, /^r\0K/)
      assert.match(server.heard(), /^EHLO me\.example\r\nHELO me\.example\r\nMAIL FROM/)
      server.stop()
    })

  for (const next of ["close", "hang"] as const)
    for (const [reply, letter] of [
      ["552 too big", "D"],
      ["452 no room", "Z"]
    ] as const)
      it(`tells what a host says in the middle of a long message, and not its end: ${reply}, ${next}`, async () => {
        const server = await startScriptedHost([...well.slice(0, 5), { during: reply, next }])
        const home = makeHome(true, { smtproutes: `:127.0.0.1:${server.port}\n` })
        const stdin = `${"x".repeat(99)}\n`.repeat(80_000)
        const { stdout } = await run("qmail-remote", ["h", "s@x", "r@y"], { home, stdin })
        assert.strictEqual(stdout, `r\0${letter}127.0.0.1 failed while I sent the message.\n${said(reply)}`)
        server.stop()
      })

  it("[W115] [W133] sends every byte as it is to a host without 8BITMIME", async () => {
    const server = await startScriptedHost(well)
    const home = makeHome(true, { smtproutes: `:127.0.0.1:${server.port}\n` })
    const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).filter((c) => c !== "\r" && c !== "\n")
    await run("qmail-remote", ["h", "s@x", "r@y"], { home, stdin: `${bytes.join("")}\n` })
    assert.include(server.heard(), `DATA\r\n${bytes.join("")}\r\n.\r\n`)
    server.stop()
  })

  for (const [name, address, literal, bytes, countAt] of [
    ["tcpto", [127, 0, 0, 1], "127.0.0.1", 1024, 4],
    ["tcpto6", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "[IPv6:::1]", 2048, 16]
  ] as const)
    it(`clears the record of an address in lock/${name} that refuses a connection`, async () => {
      const gone = await startScriptedHost([])
      gone.stop()
      const home = makeHome(true, { smtproutes: `:${literal}:${gone.port}\n` })
      const table = new Uint8Array(bytes)
      table.set([...address, 1])
      writeFileSync(`${home}/queue/lock/${name}`, table)
      assert.strictEqual((await run("qmail-remote", ["h", "s@x", "r@y"], { home })).stdout, noConnection)
      assert.strictEqual(readFileSync(`${home}/queue/lock/${name}`)[countAt], 0)
    })

  it("goes on without the table of timeouts where it cannot be opened", async () => {
    const server = await startScriptedHost(well)
    const home = makeHome(false, { smtproutes: `:127.0.0.1:${server.port}\n` })
    rmSync(`${home}/queue`, { recursive: true })
    assert.match((await run("qmail-remote", ["h", "s@x", "r@y"], { home })).stdout, /^r\0K/)
    server.stop()
  })

  for (const [what, home, args, report] of [
    [
      "too few arguments",
      () => makeHome(false, {}),
      ["h", "s"],
      "DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0"
    ],
    ["no home", () => "/nonexistent", ["h", "s", "r"], "ZUnable to switch to home directory. (#4.3.0)\n\0"],
    [
      "a control file that is a directory",
      () => {
        const home = makeHome(false, {})
        mkdirSync(`${home}/control/smtproutes`)
        return home
      },
      ["h", "s", "r"],
      "ZUnable to read control files. (#4.3.0)\n\0"
    ]
  ] as const)
    it(`reports ${what} and exits 0`, async () =>
      assert.deepStrictEqual(await run("qmail-remote", args, { home: home() }), {
        exitCode: 0,
        stdout: report,
        stderr: ""
      }))
})

describe.concurrent("with a DNS server", () => {
  let dns: DnsServer
  beforeAll(async () => {
    dns = await startDnsServer({
      "MX dest.example": { records: ["20 other.example", "10 here.example", "30 gone.example"] },
      "A here.example": { records: ["192.0.2.1", "192.0.2.2"] },
      "A other.example": { records: ["192.0.2.3"] },
      "PTR 1.2.0.192.in-addr.arpa": { records: ["here.example"] },
      "CNAME alias.example": { records: ["second.example"] },
      "CNAME second.example": { records: ["here.example"] },
      "MX loop.example": { records: ["10 us.example"] },
      "A us.example": { records: ["127.0.0.1"] },
      "A empty.example": { records: ["CNAME gone.example"] },
      "MX failing.example": { code: "SERVFAIL" },
      "A failing.example": { code: "SERVFAIL" },
      "CNAME failing.example": { code: "SERVFAIL" },
      "PTR 9.2.0.192.in-addr.arpa": { code: "SERVFAIL" }
    })
  })
  afterAll(() => dns.stop())

  for (const [program, argument, stdout, stderr, exitCode] of [
    ["dnsip", "here.example", "192.0.2.1\n192.0.2.2\n", "", 0],
    ["dnsip", "[192.0.2.9]", "192.0.2.9\n", "", 0],
    ["dnsip", "gone.example", "", "hard error\n", 100],
    ["dnsip", "failing.example", "", "soft error\n", 111],
    ["dnsip", undefined, "", "", 100],
    ["dnsptr", "192.0.2.1", "here.example\n", "", 0],
    ["dnsptr", "192.0.2.2", "", "hard error\n", 100],
    ["dnsptr", "192.0.2.9", "", "soft error\n", 111],
    ["dnsfq", "here.example", "here.example\n", "", 0],
    ["dnsfq", "empty.example", "", "no IP addresses\n", 100],
    ["dnscname", "alias.example", "here.example\n", "", 0],
    ["dnscname", "here.example", "here.example\n", "", 0],
    ["dnscname", "gone.example", "", "hard error\n", 100],
    ["dnscname", "failing.example", "", "soft error\n", 111],
    ["dnsmxip", "dest.example", "192.0.2.1 10\n192.0.2.2 10\n192.0.2.3 20\n", "", 0],
    ["dnsmxip", "here.example", "192.0.2.1 0\n192.0.2.2 0\n", "", 0],
    ["dnsmxip", "gone.example", "", "hard error\n", 100],
    ["dnsmxip", "failing.example", "", "soft error\n", 111]
  ] as const)
    it(`${program} ${argument ?? ""} says ${JSON.stringify(stdout || stderr)}`, async () =>
      assert.deepStrictEqual(
        await run(program, argument === undefined ? [] : [argument], { env: { QMAILDNS: dns.address } }),
        { exitCode, stdout, stderr }
      ))

  for (const [host, report] of [
    ["gone.example", "DSorry, I couldn't find any host named gone.example. (#5.1.2)\n\0"],
    ["failing.example", "ZSorry, I couldn't find any host by that name. (#4.1.2)\n\0"],
    ["empty.example", "DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n\0"],
    [
      "loop.example",
      "DSorry. Although I'm listed as a best-preference MX or A for that host,\n" +
        "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n\0"
    ]
  ] as const)
    it(`[W95] qmail-remote reports on ${host}`, async () =>
      assert.strictEqual(
        (
          await run("qmail-remote", [host, "s@x", "r@y"], {
            home: makeHome(false, {}),
            env: { QMAILDNS: dns.address }
          })
        ).stdout,
        report
      ))
})

describe("qmail-tcpto and qmail-tcpok", () => {
  const table = (count: number, age: number): Uint8Array => {
    const bytes = new Uint8Array(1024)
    bytes.set([192, 0, 2, 1, count])
    // @effect-diagnostics-next-line globalDate:off
    new DataView(bytes.buffer).setUint32(8, Math.floor(Date.now() / 1000) - age, true)
    return bytes
  }

  it("print the table, and clear it", async () => {
    const home = makeHome(false, {})
    writeFileSync(`${home}/queue/lock/tcpto`, table(3, 1000))
    const listed = await run("qmail-tcpto", [], { home })
    assert.match(listed.stdout, /^192\.0\.2\.1 timed out 10[0-9]{2} seconds ago; # recent timeouts: 3\n$/)
    assert.strictEqual(listed.exitCode, 0)
    assert.deepStrictEqual(await run("qmail-tcpok", [], { home }), { exitCode: 0, stdout: "", stderr: "" })
    assert.deepStrictEqual(new Uint8Array(readFileSync(`${home}/queue/lock/tcpto`)), new Uint8Array(1024))
    assert.strictEqual((await run("qmail-tcpto", [], { home })).stdout, "")
  })

  it("say what they cannot do, each in its own way", async () => {
    const home = makeHome(false, {})
    rmSync(`${home}/queue/lock/tcpto`)
    assert.deepStrictEqual(await run("qmail-tcpto", [], { home }), {
      exitCode: 111,
      stdout: "fatal: unable to open tcpto: file does not exist\n",
      stderr: ""
    })
    assert.deepStrictEqual(await run("qmail-tcpok", [], { home }), {
      exitCode: 111,
      stdout: "",
      stderr: `qmail-tcpok: fatal: unable to write ${home}/queue/lock/tcpto: file does not exist\n`
    })
    rmSync(`${home}/queue`, { recursive: true })
    assert.strictEqual((await run("qmail-tcpto", [], { home })).stdout, "fatal: unable to chdir: file does not exist\n")
    assert.strictEqual(
      (await run("qmail-tcpok", [], { home })).stderr,
      `qmail-tcpok: fatal: unable to chdir to ${home}/queue/lock: file does not exist\n`
    )
  })
})

describe("hostname and ipmeprint", () => {
  it("say who this host is", async () => {
    assert.match((await run("hostname", [])).stdout, /^[^\n]+\n$/)
    const { stdout } = await run("ipmeprint", [])
    assert.match(stdout, /^0\.0\.0\.0\n([0-9.]+\n)*$/)
    assert.include(stdout, "127.0.0.1\n")
  })
})
