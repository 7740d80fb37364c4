/** The server of `thresher start` from outside: what its clients are told, and what becomes of their mail. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import net from "node:net"
import { join } from "node:path"
import {
  arrivals,
  awaitArrivals,
  converse,
  letter,
  mailOf,
  makeHome,
  program,
  queueFiles,
  removeHome,
  type RunningServer,
  startServer,
  thresher,
  until
} from "./RunningServer.ts"

const homes: Array<string> = []
/** joe and ann live here; nothing may be asked of the DNS. */
const inhabitedHome = (controls: Readonly<Record<string, string>> = {}): string => {
  const home = makeHome({ smtproutes: ":127.0.0.1:1", ...controls })
  homes.push(home)
  for (const user of ["joe", "ann"]) assert.strictEqual(thresher(["user", "add", user, "--home", home]).code, 0)
  return home
}
afterAll(() => homes.forEach(removeHome))

let senders = 0
/** The lines of the log about the one message of this sender, when all is done or deferred. */
const awaitFate = async (server: RunningServer, sender: string): Promise<string> => {
  const begin = new RegExp(String.raw`info msg (\d+): bytes \d+ from <${sender.replaceAll(".", "\\.")}>`)
  let lines = ""
  await until(
    `the fate of the mail of ${sender}`,
    () => {
      const log = server.log()
      const found = begin.exec(log)
      if (found === null) return false
      lines = log.slice(found.index)
      return lines.includes(`end msg ${found[1]}\n`) || lines.includes(": deferral: ")
    },
    server.log
  )
  return lines
}

/** Sends one letter, and waits for what becomes of it. */
const post = async (server: RunningServer, recipients: ReadonlyArray<string>, text?: string) => {
  const sender = `sender${senders++}@local.test`
  const replies = await converse(server.port, letter(sender, recipients, text))
  assert.match(replies.at(-1)!, /^250 ok \d+ qp \d+$/)
  return { sender, log: await awaitFate(server, sender) }
}

describe("Local delivery by the server", () => {
  let home: string
  let server: RunningServer
  beforeAll(async () => {
    home = inhabitedHome()
    server = await startServer(home)
  })
  afterAll(async () => {
    assert.strictEqual(await server.end("SIGTERM"), 0)
  })
  const write = (extension: string, content: string) =>
    writeFileSync(join(home, `mail/joe/.qmail-${extension}`), content, { mode: 0o600 })
  const path = (name: string) => join(home, "mail/joe", name)
  const read = (name: string) => readFileSync(path(name), "latin1")
  const take = (user: string): ReadonlyArray<string> => {
    const mail = mailOf(home, user)
    rmSync(join(home, "mail", user, "Maildir/new"), { recursive: true })
    spawnSync("mkdir", ["-m", "700", join(home, "mail", user, "Maildir/new")])
    return mail
  }

  it("a user without .qmail gets it into his Maildir; user-anything takes a .qmail file", async () => {
    const { sender } = await post(server, ["JOE@Local.Test"])
    const [mail, ...more] = take("joe")
    assert.lengthOf(more, 0)
    assert.match(mail!, new RegExp(`^Return-Path: <${sender}>\nDelivered-To: JOE@Local\\.Test\n`))
    assert.match((await post(server, ["joe-shop@local.test"])).log, /failure: Sorry,_no_mailbox_here_by_that_name/)
    write("default", "./Maildir/\n")
    await post(server, ["joe-shop@local.test"])
    assert.lengthOf(take("joe"), 1)
    rmSync(path(".qmail-default"))
  })

  /** What the delivery of a letter to joe-EXT says in the log, and what it does. */
  const commands: ReadonlyArray<readonly [title: string, file: string, log: RegExp, done: ReadonlyArray<string>]> = [
    ["exit 0: the next lines are done", "|exit 0\n|touch next\n", /success: did_0\+0\+2/, ["next"]],
    ["exit 99: the next lines are not", "|exit 99\n|touch next\n", /success: did_0\+0\+1/, []],
    ["exit 100: the mail fails", "|echo no such luck; exit 100\n|touch next\n", /failure: no_such_luck/, []],
    ["exit 111: the mail waits", "|echo later; exit 111\n|touch next\n", /deferral: later/, []],
    ["exit 64: the mail fails", "|exit 64\n", /failure: /, []],
    ["a signal: the mail waits", "|kill -9 $$\n", /deferral: Aack,_child_crashed/, []],
    [
      "it opens its output once more",
      "|echo one >/dev/stderr; echo two >/dev/stdout; exit 100\n",
      /failure: one\/two/,
      []
    ],
    ["a comment and an empty file line", "# nobody\n|touch next\n", /success: did_0\+0\+1/, ["next"]]
  ]
  commands.forEach(([title, file, log, done], i) =>
    it(`|command, ${title}`, async () => {
      write(`c${i}`, file)
      rmSync(path("next"), { force: true })
      assert.match((await post(server, [`joe-c${i}@local.test`])).log, log)
      assert.deepStrictEqual(existsSync(path("next")) ? ["next"] : [], done)
    })
  )
  it("|command reads the message on a descriptor that it can seek in, from the beginning, in its own directory", async () => {
    const again = 'require("fs").readSync(0, b = Buffer.alloc(8), 0, 8, 0); process.stdout.write(b)'
    write("seek", `|cat >first; '${process.execPath}' -e '${again}' >second\n|cat >third\n`)
    await post(server, ["joe-seek@local.test"], "Subject: seek\r\n\r\nbody")
    assert.match(read("first"), /^Received: [^]*\nSubject: seek\n\nbody\n$/)
    assert.strictEqual(read("second"), read("first").slice(0, 8))
    assert.strictEqual(read("third"), read("first"))
  })
  it("|command is told who and what, and has neither our descriptors nor our umask", async () => {
    write("env", '|echo "$SENDER $RECIPIENT $EXT $HOST $USER $LOCAL" >who; ls /proc/$$/fd >fds; umask >mask\n')
    const { sender } = await post(server, ["joe-env@local.test"])
    assert.strictEqual(read("who"), `${sender} joe-env@local.test env local.test joe joe-env\n`)
    assert.deepStrictEqual(
      read("fds")
        .split("\n")
        .filter((fd) => fd !== "" && Number(fd) > 2 && Number(fd) < 10),
      []
    )
    assert.strictEqual(read("mask"), "0077\n")
  })
  it("what a |command prints stays printable in the log", async () => {
    write("odd", "|printf 'a\\033[31m\\nnew msg 1\\377'; exit 100\n")
    const { log } = await post(server, ["joe-odd@local.test"])
    assert.match(log, /failure: a_\[31m\/new_msg_1_/)
  })
  it("an mbox", async () => {
    write("mbox", "./Mailbox\n")
    await post(server, ["joe-mbox@local.test"], "Subject: m\r\n\r\nFrom here")
    await post(server, ["joe-mbox@local.test"])
    assert.match(
      read("Mailbox"),
      /^From sender\d+@local\.test [^]*\n>From here\n\nFrom sender\d+@local\.test [^]*\nhello\n\n$/
    )
  })
  it("a forward keeps the sender; with an owner file the owner becomes it", async () => {
    write("fwd", "&ann@local.test\n")
    const { sender } = await post(server, ["joe-fwd@local.test"])
    await until("the forward", () => mailOf(home, "ann").length > 0, server.log)
    assert.match(
      take("ann")[0]!,
      new RegExp(`^Return-Path: <${sender}>\nDelivered-To: ann@local\\.test\n[^]*Delivered-To: joe-fwd@local\\.test\n`)
    )
    write("club", "&ann@local.test\n")
    write("club-owner", "./Mailbox\n")
    await post(server, ["joe-club@local.test"])
    await until("the forward", () => mailOf(home, "ann").length > 0, server.log)
    assert.match(take("ann")[0]!, /^Return-Path: <joe-club-owner@local\.test>\n/)
  })
  it("+list: only forwards", async () => {
    write("list", "+list\n&ann@local.test\n")
    assert.match((await post(server, ["joe-list@local.test"])).log, /success: did_0\+1\+0/)
    await until("the forward", () => mailOf(home, "ann").length > 0, server.log)
    take("ann")
    write("list", "+list\n|touch listed\n")
    assert.match((await post(server, ["joe-list@local.test"])).log, /deferral: Uh-oh:_\.qmail_has_prog_delivery_but/)
    assert.isFalse(existsSync(path("listed")))
  })
  it("a forward to itself is a loop, which fails", async () => {
    write("loop", "&joe-loop@local.test\n")
    await post(server, ["joe-loop@local.test"])
    await until("the end of the loop", () => /failure: This_message_is_looping/.test(server.log()), server.log)
  })
  it("a .qmail file that others may write is not obeyed", async () => {
    write("open", "|touch opened\n")
    spawnSync("chmod", ["666", path(".qmail-open")])
    assert.match((await post(server, ["joe-open@local.test"])).log, /deferral: Uh-oh:_\.qmail_file_is_writable/)
    assert.isFalse(existsSync(path("opened")))
  })

  it("mail to nobody comes back to its sender", async () => {
    assert.match(
      (await converse(server.port, letter("ann@local.test", ["nobody@local.test"], "X-Mark: 1\r\n\r\nhi"))).at(-1)!,
      /^250/
    )
    await until("the bounce", () => mailOf(home, "ann").length > 0, server.log)
    const [bounce] = take("ann")
    assert.match(bounce!, /^Return-Path: <>\nDelivered-To: ann@local\.test\n/)
    assert.match(
      bounce!,
      /\nMessage-ID: <\d{14}\.\d+\.qmail@local\.test>\nAuto-Submitted: auto-replied\nFrom: MAILER-DAEMON@local\.test\nTo: ann@local\.test\nSubject: failure notice\n\nHi\. This is the qmail-send program at local\.test\.\n/
    )
    assert.include(
      bounce!,
      "\n<nobody@local.test>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n"
    )
    assert.include(bounce!, "\nX-Mark: 1\n\nhi\n")
  })
  it("a bounce that cannot be delivered goes to postmaster, and no further", async () => {
    const before = arrivals(home).length
    await converse(server.port, letter("gone@local.test", ["nobody@local.test"]))
    const files = await awaitArrivals(home, before + 1)
    assert.match(
      readFileSync(files.at(-1)!, "latin1"),
      /^Return-Path: <#@\[\]>\nDelivered-To: postmaster@local\.test\n[^]*Subject: failure notice\n/
    )
  })

  it("mail that our programs queue is sent at once, through the trigger", async () => {
    const inject = (name: string, args: ReadonlyArray<string>) =>
      spawnSync(program(name), args, {
        input: `To: joe@local.test\nSubject: ${name}\n\nhello\n`,
        env: { PATH: process.env["PATH"], QMAILHOME: home },
        encoding: "latin1"
      })
    const envelope = join(home, "envelope")
    writeFileSync(envelope, "Fann@local.test\0Tjoe@local.test\0\0")
    const fd = openSync(envelope, "r")
    const queued = spawnSync(program("qmail-queue"), [], {
      stdio: ["pipe", fd, "pipe"],
      input: "Subject: qmail-queue\n\nhello\n",
      env: { PATH: process.env["PATH"], QMAILHOME: home },
      encoding: "latin1"
    })
    closeSync(fd)
    for (const [name, ended] of [
      ["qmail-queue", queued],
      ["sendmail", inject("sendmail", ["-t"])],
      ["qmail-inject", inject("qmail-inject", [])]
    ] as const) {
      assert.deepStrictEqual([ended.status, ended.stderr], [0, ""], name)
      await until(name, () => mailOf(home, "joe").some((mail) => mail.includes(`Subject: ${name}\n`)), server.log)
    }
    take("joe")
  })

  it("nothing of it all is left in the queue but what waits", async () => {
    await until(
      "an empty queue but for the deferred",
      () => queueFiles(home).filter((file) => file.startsWith("mess/")).length === waiting,
      () => `${queueFiles(home).join("\n")}\n${server.log()}`
    )
  })
  /** exit 111, a signal, a program in a list, a writable .qmail file. */
  const waiting = 4
})

describe("A server's policy", () => {
  let home: string
  let server: RunningServer
  beforeAll(async () => {
    home = inhabitedHome()
    server = await startServer(home)
  })
  afterAll(async () => {
    assert.strictEqual(await server.end("SIGINT"), 0)
  })
  const control = (name: string, content: string) => writeFileSync(join(home, "control", name), content)
  /** The reply to RCPT, which a new session gets. */
  const reply = async (recipient: string) =>
    (await converse(server.port, ["MAIL FROM:<>", `RCPT TO:<${recipient}>`]))[1]!
  const reread = async (recipient: string, expected: string) => {
    server.signal("SIGHUP")
    let last = ""
    for (let look = 0; look < 200 && !last.startsWith(expected); look++) last = await reply(recipient)
    assert.include(last, expected)
  }

  it("refuses strangers who want to relay [W14]", async () => {
    assert.strictEqual(
      await reply("a@elsewhere.test"),
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
    )
    for (const trick of [
      "a%elsewhere.test@local.test",
      '"a@elsewhere.test"@local.test',
      "@elsewhere.test:joe@local.test"
    ])
      assert.strictEqual(await reply(trick), "250 ok", "is taken as a local part, or as the last address")
    for (const trick of [
      "@local.test:a@elsewhere.test",
      "a@local.test@elsewhere.test",
      "a@[192.0.2.9]",
      "a@elsewhere.test."
    ])
      assert.match(await reply(trick), /^553 /, trick)
  })
  it("without rcpthosts it is still closed, but for what it delivers itself [W14]", async () => {
    rmSync(join(home, "control/rcpthosts"))
    control("virtualdomains", "virtual.test:joe\n")
    await reread("x@virtual.test", "250")
    assert.strictEqual(await reply("x@local.test"), "250 ok")
    assert.match(await reply("a@elsewhere.test"), /^553 /)
  })
  it("lets relayclients relay, after SIGHUP; a bad list changes nothing, and the log says so [W16]", async () => {
    control("relayclients", "10.0.0.0/8\n")
    server.signal("SIGHUP")
    assert.match(await reply("a@elsewhere.test"), /^553 /)
    control("relayclients", "127.0.0.\n")
    await reread("a@elsewhere.test", "250")
    control("relayclients", "127.0.0.0/99\n")
    server.signal("SIGHUP")
    await until("the alert", () => /alert: unable to reread .*control\/relayclients: /.test(server.log()), server.log)
    assert.match(await reply("a@elsewhere.test"), /^250 /)
    control("relayclients", "")
    await reread("a@elsewhere.test", "553")
  })
  it("SIGHUP makes a domain local", async () => {
    control("locals", "local.test\nnew.test\n")
    await reread("joe@new.test", "250")
    await post(server, ["joe@new.test"])
    await until(
      "the mail",
      () => mailOf(home, "joe").some((mail) => mail.includes("Delivered-To: joe@new.test\n")),
      server.log
    )
  })
  it("takes 1,000 recipients a message, and not one more", async () => {
    const recipients = Array.from({ length: 1001 }, (_, i) => `RCPT TO:<joe-${i}@local.test>`)
    const replies = await converse(server.port, ["MAIL FROM:<>", ...recipients])
    assert.deepStrictEqual(
      replies.slice(0, -1).filter((line) => line !== "250 ok"),
      []
    )
    assert.strictEqual(replies.at(-1), "452 too many recipients (#4.5.3)")
  })
  it("refuses what is announced bigger than databytes, 50 MiB if nothing is said", async () => {
    assert.deepStrictEqual(await converse(server.port, ["EHLO x", "MAIL FROM:<> SIZE=52428800"]), [
      "250 8BITMIME",
      "250 ok"
    ])
    const tooBig = "552 sorry, that message size exceeds my databytes limit (#5.3.4)"
    assert.deepStrictEqual(await converse(server.port, ["MAIL FROM:<> SIZE=52428801"]), [tooBig])
    control("databytes", "1000\n")
    server.signal("SIGHUP")
    let last = ""
    for (let look = 0; look < 200 && last !== tooBig; look++)
      last = (await converse(server.port, ["MAIL FROM:<> SIZE=1001"]))[0]!
    assert.strictEqual(last, tooBig)
  })
  it("refuses what is bigger without saying so, and queues nothing of it", async () => {
    const text = "x".repeat(1200)
    assert.strictEqual(
      (await converse(server.port, letter("", ["joe@local.test"], text))).at(-1),
      "552 sorry, that message size exceeds my databytes limit (#5.3.4)"
    )
    await until(
      "a clean queue",
      () => queueFiles(home).length === 0,
      () => queueFiles(home).join("\n")
    )
  })
})

describe("Who talks to a server", () => {
  it("over v4 and v6, on as many addresses as were named; each has its ready line", async () => {
    const home = inhabitedHome()
    const server = await startServer(home, ["--listen", "[::1]:0", "--listen", "127.0.0.1:0", "--log", "qmail"])
    await until("three ready lines", () => (server.log().match(/^ready smtp /gm) ?? []).length === 3, server.log)
    const [, six, second] = [...server.log().matchAll(/^ready smtp (\S+):(\d+)$/gm)].map(([, host, port]) => ({
      host,
      port: Number(port)
    }))
    assert.strictEqual(six!.host, "[::1]")
    const greeting = (host: string, port: number) =>
      new Promise((told) =>
        net.connect({ host, port }).once("data", function (this: net.Socket, text) {
          this.destroy()
          told(`${text}`)
        })
      )
    assert.strictEqual(await greeting("::1", six!.port), "220 local.test ESMTP\r\n")
    assert.strictEqual(await greeting("127.0.0.1", second!.port), "220 local.test ESMTP\r\n")
    await post(server, ["joe@local.test"])
    assert.match(server.log(), /^new msg \d+$/m, "--log qmail: bare lines")
    assert.strictEqual(await server.end("SIGINT"), 0)
  })
  it("--log time puts the time in front", async () => {
    const home = inhabitedHome()
    const server = await startServer(home)
    await post(server, ["joe@local.test"])
    assert.match(server.log(), /^\d{10}\.\d{6} new msg \d+$/m)
    assert.strictEqual(await server.end("SIGTERM"), 0)
  })
  it("who half-closes gets his 250", async () => {
    const home = inhabitedHome()
    const server = await startServer(home)
    const heard = await new Promise<string>((told) => {
      const socket = net.connect({ host: "127.0.0.1", port: server.port })
      let text = ""
      socket.on("data", (bytes) => (text += bytes.toString("latin1")))
      socket.on("close", () => told(text))
      socket.end([...letter("", ["joe@local.test"]), ""].join("\r\n"))
    })
    assert.match(heard, /\r\n354 go ahead\r\n250 ok \d+ qp \d+\r\n$/)
    await until("the mail", () => mailOf(home, "joe").length === 1, server.log)
    assert.strictEqual(await server.end("SIGTERM"), 0)
  })
  it("500 idle clients, and a good one is served; SIGTERM sends them away", async () => {
    const home = inhabitedHome()
    const server = await startServer(home)
    let sentAway = 0
    const idle = await Promise.all(
      Array.from(
        { length: 500 },
        () =>
          new Promise<net.Socket>((greeted) => {
            const socket = net.connect({ host: "127.0.0.1", port: server.port })
            socket.once("data", () => greeted(socket))
          })
      )
    )
    for (const socket of idle)
      socket.on("data", (text) => (sentAway += Number(text.toString() === "421 shutting down (#4.3.2)\r\n")))
    await post(server, ["joe@local.test"])
    assert.strictEqual(await server.end("SIGTERM"), 0)
    await until("their 421", () => sentAway === 500)
    for (const socket of idle) socket.destroy()
  })
  it("mail that was queued while no server ran is delivered at the next start", async () => {
    const home = inhabitedHome()
    const injected = spawnSync(program("qmail-inject"), ["joe@local.test"], {
      input: "Subject: early\n\n",
      env: { PATH: process.env["PATH"], QMAILHOME: home }
    })
    assert.strictEqual(injected.status, 0)
    const server = await startServer(home)
    await until("the mail", () => mailOf(home, "joe").length === 1, server.log)
    assert.strictEqual(await server.end("SIGTERM"), 0)
    assert.deepStrictEqual(queueFiles(home), [])
  })
})
