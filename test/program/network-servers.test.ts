import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { type DnsServer, startDnsServer } from "../DnsServer.ts"

const bin = resolve(import.meta.dirname, "../../dist/bin")
const isRoot = process.getuid!() === 0
const scratch = mkdtempSync(join(tmpdir(), "thresher-servers-"))
const home = join(scratch, "home")
const caught = join(scratch, "caught")
const catcher = join(scratch, "catcher")
chmodSync(scratch, 0o755)
afterAll(() => rmSync(scratch, { recursive: true }))

writeFileSync(catcher, `#!/bin/sh\nexec 3<&1 >/dev/null\ncat >"${caught}"; cat <&3 >>"${caught}"; exit "\${CODE:-0}"\n`)
chmodSync(catcher, 0o755)

const control = (name: string, content: string): void => writeFileSync(join(home, "control", name), content)

beforeEach(() => {
  for (const path of [home, caught]) rmSync(path, { recursive: true, force: true })
  mkdirSync(join(home, "control"), { recursive: true })
  symlinkSync(bin, join(home, "bin"))
  control("me", "mx.example\n")
  control("rcpthosts", "mx.example\n")
})

/** A home as `thresher init` makes it, as far as these programs look. */
const makeOwn = (): void => {
  writeFileSync(join(home, "install.json"), "{}")
  rmSync(join(home, "control/rcpthosts"))
}

const variables = { PATH: process.env["PATH"]!, QMAILHOME: home, QMAILQUEUE: catcher }

/** The client says everything at once, then ends. */
const run = (
  program: string,
  input: string | Buffer,
  environment: Record<string, string> = {},
  args: string[] = []
) => {
  const { status, stdout } = spawnSync(join(bin, program), args, {
    cwd: scratch,
    input: typeof input === "string" ? Buffer.from(input, "latin1") : input,
    env: { ...variables, ...environment },
    encoding: "latin1"
  })
  return { status, stdout }
}

const lines = (...all: ReadonlyArray<string>): string => all.map((line) => `${line}\r\n`).join("")
/** Message and envelope, `|` for NUL. */
const queued = (): string => (existsSync(caught) ? readFileSync(caught, "latin1").replaceAll("\0", "|") : "nothing")
const message = ["MAIL FROM:<a@b>", "RCPT TO:<u@mx.example>", "DATA", "Subject: x", "", "body", "."]

/** A client that can wait for what it wants to hear. */
const talk = (child: ChildProcess) => {
  let heard = ""
  let over = false
  let wake: () => void = () => {}
  child.stdout!.on("data", (bytes: Buffer) => {
    heard += bytes.toString("latin1")
    wake()
  })
  const ended = new Promise<number | null>((told) =>
    child.on("close", (code) => {
      over = true
      wake()
      told(code)
    })
  )
  const isOver = () => over
  return {
    say: (text: string) => void child.stdin!.write(text),
    end: () => void child.stdin!.end(),
    hears: async (text: string) => {
      while (!heard.includes(text) && !isOver()) await new Promise<void>((again) => (wake = again))
      return heard
    },
    ended
  }
}

describe("qmail-smtpd", () => {
  it("takes a message on descriptors 0 and 1", () => {
    const { status, stdout } = run("qmail-smtpd", lines("HELO x", ...message, "QUIT"), { TCPREMOTEIP: "192.0.2.7" })
    assert.strictEqual(status, 0)
    assert.match(
      stdout,
      /^220 mx\.example ESMTP\r\n250 mx\.example\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n250 ok \d+ qp \d+\r\n221 mx\.example\r\n$/
    )
    assert.match(
      queued(),
      /^Received: from unknown \(HELO x\) \(192\.0\.2\.7\)\n {2}by unknown with SMTP; .* -0000\nSubject: x\n\nbody\nFa@b\|Tu@mx\.example\|\|$/
    )
  })

  it("answers each line as it comes, and a client who ends without QUIT gets his 250", async () => {
    const client = talk(spawn(join(bin, "qmail-smtpd"), { env: variables }))
    for (const [said, heard] of [
      ["", "220"],
      ["HE", ""],
      ["LO x\r\n", "250 mx.example\r\n"],
      ["MAIL FROM:<a@b>\r\nRCPT TO:<u@mx.example>\r\nDATA\r\n", "354"],
      ["x\r\n.\r\n", "qp"]
    ] as const) {
      client.say(said)
      await client.hears(heard)
    }
    client.say(lines(...message))
    client.end()
    assert.strictEqual(await client.ended, 1)
    assert.strictEqual((await client.hears("")).match(/250 ok \d+ qp \d+\r\n/g)?.length, 2)
  })

  it("tells a silent client so, and leaves (control/timeoutsmtpd)", async () => {
    control("timeoutsmtpd", "1\n")
    const client = talk(spawn(join(bin, "qmail-smtpd"), { env: variables }))
    client.say("NOOP\r\n")
    assert.strictEqual(await client.ended, 1)
    assert.strictEqual(await client.hears(""), "220 mx.example ESMTP\r\n250 ok\r\n451 timeout (#4.4.2)\r\n")
  })

  it("in a home of our own ends at once with who speaks another protocol", () => {
    makeOwn()
    for (const first of ["POST / HTTP/1.1\r\n", "\x16\x03\x01\x02\x00"])
      assert.deepStrictEqual(run("qmail-smtpd", first + lines("EHLO x", ...message)), {
        status: 1,
        stdout: lines("220 mx.example ESMTP", "421 this is a mail server (#4.7.0)")
      })
    control("foreigncommands", "")
    assert.match(run("qmail-smtpd", lines("POST / HTTP/1.1", "NOOP")).stdout, /502 .*\r\n250 ok\r\n$/)
    assert.strictEqual(queued(), "nothing")
  })

  it("in a home of our own throws no recipient away", () => {
    makeOwn()
    const asked = ["RCPT", "RCPT TO:<>", "RCPT TO:<@mx.example>", "RCPT u@mx.example", "QUIT\0", "DATA"]
    const { status, stdout } = run("qmail-smtpd", lines("MAIL FROM:<a@b>", ...asked, "QUIT"))
    assert.deepStrictEqual([status, stdout.match(/^\d+/gm)?.join(" ")], [0, "220 250 501 501 501 501 500 503 221"])
  })

  it("reads nothing behind what it was asked: a front end gets its descriptor back [W39]", () => {
    const { stdout } = spawnSync(
      "/bin/sh",
      ["-c", `{ printf 'QUIT\\r\\n'; sleep 1; echo rest; } | { "${bin}/qmail-smtpd"; echo "code $?"; cat; }`],
      { env: variables, encoding: "latin1" }
    )
    assert.strictEqual(stdout, "220 mx.example ESMTP\r\n221 mx.example\r\ncode 0\nrest\n")
  })

  it("passes five megabytes", () => {
    const line = "x".repeat(70)
    const body = Array.from({ length: 70_000 }, () => line)
    assert.match(run("qmail-smtpd", lines(...message.slice(0, 3), ...body, ".", "QUIT")).stdout, /250 ok \d+ qp/)
    assert.strictEqual(readFileSync(caught, "latin1").split(line).length, 70_001)
  })

  it("queues nothing of a message that breaks off", () => {
    assert.strictEqual(run("qmail-smtpd", lines(...message.slice(0, -1))).status, 1)
    assert.notMatch(queued(), /Fa@b/)
  })

  for (const [title, spoil] of [
    ["no name", () => rmSync(join(home, "control/me"))],
    ["a number that is none", () => control("databytes", `${"9".repeat(30)}\n`)],
    ["a network that is none", () => control("relayclients", "10.0.0.0/99\n")],
    ["a control file that cannot be read", () => mkdirSync(join(home, "control/badmailfrom"))]
  ] as const)
    it(`with ${title} in control/ says 421`, () => {
      spoil()
      assert.deepStrictEqual(run("qmail-smtpd", lines("QUIT")), {
        status: 1,
        stdout: "421 unable to read controls (#4.3.0)\r\n"
      })
    })

  it("says so if qmail-queue cannot be started", () =>
    assert.match(
      run("qmail-smtpd", lines(...message), { QMAILQUEUE: "/no/such" }).stdout,
      /451 unable to exec qq \(#4\.3\.0\)\r\n$/
    ))

  const reply = (environment: Record<string, string>, recipient: string) =>
    /\n([0-9]{3}) [^\n]*\r\n221/.exec(
      run("qmail-smtpd", lines("MAIL FROM:<>", `RCPT TO:<${recipient}>`, "QUIT"), environment).stdout
    )![1]

  it("in a qmail home without rcpthosts accepts everything", () => {
    rmSync(join(home, "control/rcpthosts"))
    assert.strictEqual(reply({}, "x@elsewhere"), "250")
  })

  it("in a home of our own without rcpthosts is no relay; control/openrelay makes it one [W14]", () => {
    makeOwn()
    control("virtualdomains", "virtual.example:joe\n")
    assert.strictEqual(reply({}, "x@elsewhere"), "553")
    assert.strictEqual(reply({}, "x@mx.example"), "250")
    assert.strictEqual(reply({}, "x@virtual.example"), "250")
    control("openrelay", "1\n")
    assert.strictEqual(reply({}, "x@elsewhere"), "250")
    rmSync(join(home, "control/openrelay"))
    control("rcpthosts", "*\n")
    assert.strictEqual(reply({}, "x@elsewhere"), "250")
  })

  it("lets clients of control/relayclients relay, and whoever has RELAYCLIENT [W16]", () => {
    control("relayclients", "192.0.2.\n2001:db8::/32:@six.example\n")
    assert.strictEqual(reply({ TCPREMOTEIP: "192.0.2.9" }, "x@elsewhere"), "250")
    assert.strictEqual(reply({ TCPREMOTEIP: "2001:db8::9" }, "x@elsewhere"), "250")
    assert.strictEqual(reply({ TCPREMOTEIP: "198.51.100.9" }, "x@elsewhere"), "553")
    assert.strictEqual(reply({ TCPREMOTEIP: "198.51.100.9", RELAYCLIENT: "" }, "x@elsewhere"), "250")
  })

  it("announces its limit in a home of our own [W47]", () => {
    makeOwn()
    control("databytes", "1000\n")
    assert.match(
      run("qmail-smtpd", lines("EHLO x", "MAIL FROM:<a@b> SIZE=1001")).stdout,
      /250-SIZE 1000\r\n[^]*552 sorry/
    )
  })
})

describe("qmail-qmtpd and qmail-qmqpd", () => {
  it("take a package, and one request", () => {
    assert.match(run("qmail-qmtpd", "2:\nx,1:s,16:12:u@mx.example,,").stdout, /^[0-9]+:Kok \d+ qp \d+,$/)
    assert.match(queued(), /with QMTP; .*\nxFs\|Tu@mx\.example\|\|$/)
    assert.match(run("qmail-qmqpd", "12:1:m,1:s,1:r,,").stdout, /^[0-9]+:Kok \d+ qp \d+,$/)
    assert.match(queued(), /with QMQP; .*\nmFs\|Tr\|\|$/)
  })

  it("in a home of our own take no address that names nobody or has control characters", () => {
    makeOwn()
    control("locals", "mx.example\n")
    const list = "0:,13:u\r@mx.example,12:u@mx.example,"
    assert.match(
      run("qmail-qmtpd", `2:\nx,1:s,${list.length}:${list},`).stdout,
      /^(46:Dsorry, I can't handle that recipient \(#5\.1\.3\),){2}\d+:Kok \d+ qp \d+,$/
    )
    assert.strictEqual(
      run("qmail-qmqpd", "11:1:m,1:s,0:,,").stdout,
      "51:Dsorry, I can't accept addresses like that (#5.1.3),"
    )
  })

  it("in a home of our own are strict about netstrings, unless they are told not to be", () => {
    makeOwn()
    const sloppy = "02:\nx,1:s,16:12:u@mx.example,,"
    assert.deepStrictEqual(run("qmail-qmtpd", sloppy), { status: 100, stdout: "" })
    assert.match(run("qmail-qmtpd", sloppy, { QMAILLAXNETSTRING: "" }).stdout, /Kok/)
  })

  it("qmail-qmtpd lets clients of control/relayclients relay [W16]", () => {
    control("relayclients", "192.0.2.1:@fix\n")
    run("qmail-qmtpd", "2:\nx,1:s,8:5:u@any,,", { TCPREMOTEIP: "192.0.2.1" })
    assert.match(queued(), /Fs\|Tu@any@fix\|\|$/)
  })
})

describe("qmail-popup and qmail-pop3d", () => {
  const maildir = join(scratch, "Maildir")
  const asNobody = isRoot ? { uid: 65534, gid: 65534 } : {}
  beforeEach(() => {
    rmSync(maildir, { recursive: true, force: true })
    for (const name of ["tmp", "new", "cur"]) mkdirSync(join(maildir, name), { recursive: true, mode: 0o777 })
    for (const [name, text, time] of [
      ["new/1.a", "Subject: one\n\n.dot\n", 1000],
      ["cur/2.b:2,S", "Subject: two\n\nlast", 2000]
    ] as const) {
      writeFileSync(join(maildir, name), text)
      utimesSync(join(maildir, name), time, time)
    }
    for (const name of ["tmp", "new", "cur", ""]) chmodSync(join(maildir, name), 0o777)
  })
  const pop3d = (input: string) =>
    spawnSync(join(bin, "qmail-pop3d"), [maildir], { input, env: variables, encoding: "latin1", ...asNobody })

  it("show, delete and keep", () => {
    const { status, stdout } = pop3d(lines("STAT", "RETR 1", "TOP 2 0", "DELE 2", "QUIT"))
    assert.strictEqual(status, 0)
    assert.strictEqual(
      stdout,
      lines(
        "+OK ",
        "+OK 2 37",
        "+OK ",
        "Subject: one",
        "",
        "..dot",
        "",
        ".",
        "+OK ",
        "Subject: two",
        "",
        "",
        ".",
        "+OK ",
        "+OK "
      )
    )
    assert.deepStrictEqual([readdirSync(join(maildir, "new")), readdirSync(join(maildir, "cur"))], [[], ["1.a:2,"]])
  })

  it("in a home of our own hear no command in a line with a NUL", () => {
    const sent = lines("DELE 2\0", "QUIT\0junk")
    makeOwn()
    assert.strictEqual(pop3d(sent).stdout, lines("+OK ", "-ERR syntax error", "-ERR syntax error"))
    control("classic", "1\n")
    assert.strictEqual(pop3d(sent).stdout, lines("+OK ", "+OK ", "+OK "))
  })

  it("hand a client over to his mail server, who finds the connection as it was", async () => {
    const checker = join(scratch, "checker")
    writeFileSync(checker, `#!/bin/sh\ncat <&3 >"${caught}"\nexec "$@"\n`)
    chmodSync(checker, 0o755)
    const client = talk(
      spawn(join(bin, "qmail-popup"), ["pop.example", checker, join(bin, "qmail-pop3d"), maildir], {
        env: variables,
        ...asNobody
      })
    )
    if (isRoot) chmodSync(scratch, 0o777)
    client.say("USER joe\r\nPASS secret\r\n")
    await client.hears("+OK \r\n+OK \r\n")
    client.say("STAT\r\n")
    await client.hears("+OK 2 37\r\n")
    client.say("QUIT\r\n")
    assert.strictEqual(await client.ended, 1)
    assert.match(queued(), /^joe\|secret\|<\d+\.\d+@pop\.example>\|$/)
  })
})

describe("qmail-popup and the bytes that it does not need", () => {
  const checker = join(scratch, "reader")
  const pipelined = "USER joe\r\nPASS secret\r\nSTAT\r\nQUIT\r\n"
  /** What the program reads that popup starts: of a pipe, of a file. */
  const left = (input: string): ReadonlyArray<string> => {
    writeFileSync(checker, `#!/bin/sh\ncat <&3 >/dev/null\nexec cat >"${caught}"\n`)
    chmodSync(checker, 0o755)
    const words = ["pop.example", checker]
    const file = join(scratch, "input")
    writeFileSync(file, input)
    spawnSync(join(bin, "qmail-popup"), words, { input, env: variables })
    const ofPipe = queued()
    spawnSync("sh", ["-c", `"$0" "$@" <"${file}" >/dev/null`, join(bin, "qmail-popup"), ...words], { env: variables })
    return [ofPipe, queued()]
  }
  it("in a home of our own leaves everything behind the last command", () => {
    makeOwn()
    assert.deepStrictEqual(left(pipelined), ["STAT\r\nQUIT\r\n", "STAT\r\nQUIT\r\n"])
  })
  it("in a qmail home takes 128 bytes at a time, as qmail's", () => {
    assert.deepStrictEqual(left(pipelined), ["", ""])
    const more = pipelined.padEnd(130, "x")
    assert.deepStrictEqual(left(more), ["xx", "xx"])
  })
})

describe("tcp-env", () => {
  const wanted = "PROTO TCPLOCALIP TCPLOCALPORT TCPLOCALHOST TCPREMOTEIP TCPREMOTEHOST TCPREMOTEPORT TCPREMOTEINFO"
  const show = `for v in ${wanted}; do eval "echo $v=\\\${$v-unset}"; done`

  /** What a program learns about a client who connects on loopback. */
  const learned = async (dns: DnsServer | undefined, ...options: ReadonlyArray<string>) => {
    const server = net.createServer({ pauseOnConnect: true })
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
    const { port } = server.address() as net.AddressInfo
    const accepted = new Promise<net.Socket>((told) => server.once("connection", told))
    const client = net.connect(port, "127.0.0.1")
    const socket = await accepted
    const child = spawn(join(bin, "tcp-env"), [...options, "sh", "-c", show], {
      stdio: [socket, "pipe", "ignore"],
      env: { PATH: process.env["PATH"]!, TCPREMOTEINFO: "old", ...(dns && { QMAILDNS: dns.address }) }
    })
    let out = ""
    child.stdout!.on("data", (bytes: Buffer) => (out += bytes.toString()))
    await new Promise((closed) => child.on("close", closed))
    const remotePort = client.localPort
    client.destroy()
    socket.destroy()
    server.close()
    return Object.fromEntries(
      out
        .replace(`TCPLOCALPORT=${port}`, "TCPLOCALPORT=ours")
        .replace(`TCPREMOTEPORT=${remotePort}`, "TCPREMOTEPORT=his")
        .trimEnd()
        .split("\n")
        .map((line) => line.split("=") as [string, string])
    )
  }

  it("starts a program by the name that was given", () => {
    const env = { PATH: process.env["PATH"]!, PROTO: "TCP" }
    const { stdout } = spawnSync(join(bin, "tcp-env"), ["sh", "-c", "echo $0"], { env, encoding: "utf8" })
    assert.strictEqual(stdout, "sh\n")
  })

  const ptr = "PTR 1.0.0.127.in-addr.arpa"
  for (const [title, option, addresses, name] of [
    ["believes the name of an address", "-P", { records: ["192.0.2.9"] }, "client.example"],
    ["-p believes a name that leads back", "-p", { records: ["192.0.2.9", "127.0.0.1"] }, "client.example"],
    ["-p believes no name that leads elsewhere", "-p", { records: ["192.0.2.9"] }, "unset"],
    ["-p waits for no answer it cannot have", "-p", { code: "SERVFAIL" }, "softdnserror"]
  ] as const)
    it(`${title} [W12]`, async () => {
      const dns = await startDnsServer({ [ptr]: { records: ["Client.Example"] }, "A client.example": addresses })
      try {
        assert.deepStrictEqual(await learned(dns, "-R", option), {
          PROTO: "TCP",
          TCPLOCALIP: "127.0.0.1",
          TCPLOCALPORT: "ours",
          TCPLOCALHOST: "client.example",
          TCPREMOTEIP: "127.0.0.1",
          TCPREMOTEHOST: name,
          TCPREMOTEPORT: "his",
          TCPREMOTEINFO: "unset"
        })
      } finally {
        dns.stop()
      }
    })

  it.runIf(isRoot)("asks the other host whose connection it is [W119]", async () => {
    const dns = await startDnsServer({})
    const ident = net.createServer((socket) => {
      socket.once("data", (question) => socket.end(`${question.toString().trim()} : USERID : UNIX : joe\r\n`))
    })
    await new Promise<void>((ready) => ident.listen(113, "127.0.0.1", ready))
    try {
      assert.deepInclude(await learned(dns, "-t5"), { TCPREMOTEINFO: "joe", TCPREMOTEHOST: "unset" })
    } finally {
      ident.close()
      dns.stop()
    }
  })
})
