// One day of a mail host: what is sent, and everything that can be seen of it afterwards.
import { chmodSync, chownSync, closeSync, existsSync, openSync, readdirSync } from "node:fs"
import { readFileSync, writeFileSync, writeSync } from "node:fs"
import * as Home from "./home.mjs"
import { normal, sortedLines, sortedParagraphs } from "./normal.mjs"
import { converse, runner } from "./programs.mjs"

const netstring = (text) => `${text.length}:${text},`
const root = { name: "root", uid: 0, gid: 0, home: "/" }

const smtpIn = (joe) =>
  [
    "HELO client.example",
    `MAIL FROM:<${joe}-bounces@mail.example>`,
    "RCPT TO:<someone@elsewhere.example>",
    `RCPT TO:<${joe}-md@mail.example>`,
    "RCPT TO:<a@more.example>",
    "RCPT TO:<b@virt.example>",
    "RCPT TO:<c@x.deep.example>",
    `RCPT TO:<${joe}-fail@mail.example>`,
    "RCPT TO:<nobody-here@mail.example>",
    "DATA",
    "Subject: by SMTP",
    "",
    "..dot",
    "8 bits: \xe9\xff\x01",
    "last line",
    ".",
    "VRFY x",
    "MAIL FROM:<>",
    "RCPT TO:<as+more@mail.example>",
    "DATA",
    "",
    "empty header",
    ".",
    "QUIT",
    ""
  ].join("\r\n")
/** Everything, in a home that is filled and configured. Gives what was seen, by name. */
export const play = async (trial, sink) => {
  const seen = new Map()
  const day = {
    ...trial,
    seen,
    run: runner(trial, seen),
    binary: (name) => `${trial.home}/bin/${name}`,
    j: trial.joe.name
  }
  sink.forget()
  await makeDatabases(day)
  // What is in todo before anybody sends must be found at the start.
  await day.run("qmail-inject before the start", "qmail-inject", [`${day.j}-mbox@mail.example`], {
    input: "Subject: early\n\nmail\n"
  })
  const daemon = await Home.start(trial)
  await submit(day)
  await receive(day)
  await retry(day, trial, daemon)
  await readMail(day, trial)
  seen.set("qmail-send's exit", String(await Home.stop(trial, daemon)))
  seen.set("log", sortedLines(daemon.log()).replace(/^status: local .*\n?/gm, ""))
  seen.set("queue at the end", queueShape(trial))
  seen.set(
    "to the outside world",
    normal(
      sink.transactions
        .map((each) => normal(each))
        .sort()
        .join("\n=====\n")
    )
  )
  collect(trial.joe, seen)
  return seen
}

const makeDatabases = async ({ accounts, home, j, joe, run, seen }) => {
  await run("qmail-newu", "qmail-newu", [], { as: root })
  await run("qmail-newmrh", "qmail-newmrh", [], { as: root })
  seen.set("users/cdb", readFileSync(`${home}/users/cdb`, "hex"))
  seen.set("control/morercpthosts.cdb", readFileSync(`${home}/control/morercpthosts.cdb`, "hex"))
  await run("qmail-pw2u", "qmail-pw2u", [], {
    as: root,
    input: `${j}:x:${joe.uid}:${joe.gid}::${joe.home}:/bin/sh\nalias:*:7790:2108::${home}/alias:/bin/true\n`
  })
  await run("qmail-getpw joe-x", "qmail-getpw", [`${j}-x`], { as: accounts.qmailp })
  await run("qmail-getpw nobody", "qmail-getpw", ["no-such-user"], { as: accounts.qmailp })
  await run("qmail-showctl", "qmail-showctl", [], { as: root })
}

/** By local users. */
const submit = async ({ binary, j, run }) => {
  await run("qmail-inject", "qmail-inject", [], {
    input: [
      `From: Joe <${j}-bounces@mail.example>`,
      `To: ${j}-md, ${j}-cmd@mail.example,`,
      "  ok <ok@remote.example>, assigned@mail.example",
      `Cc: ${j}@mail.example`,
      `Bcc: ${j}-default-ext@mail.example, as+md@mail.example`,
      "Subject: to all",
      "",
      "From here on",
      "\xe9 no end"
    ].join("\n"),
    env: { QMAILINJECT: "c" }
  })
  await run("sendmail -t", "sendmail", ["-t", `-f${j}-bounces@mail.example`], {
    input: `To: ok-two@remote.example, ${j}-skip@mail.example\nSubject: t\n\nby sendmail\n`
  })
  await run("mailsubj", "mailsubj", ["a subject", `${j}-pop@mail.example`], { input: "by mailsubj\n" })
  await run("datemail", "datemail", [`${j}-pop@mail.example`], { input: "Subject: d\n\nby datemail\n" })
  await run("predate", "predate", ["cat"], { input: "Subject: p\n\nby predate\n" })
  await run(
    "deferrals",
    "qmail-inject",
    ["-a", `-f${j}-bounces@mail.example`, `${j}-later@mail.example`, "slow@remote.example", "ok-three@remote.example"],
    { input: "Subject: later\n\nmail that waits\n" }
  )
  await run(
    "failures",
    "qmail-inject",
    [
      "-a",
      `-f${j}-bounces@mail.example`,
      `${j}-fail@mail.example`,
      "bad@remote.example",
      "dead@remote.example",
      `${j}-loop@mail.example`
    ],
    { input: "Subject: fails\n\nmail that comes back\n" }
  )
  await run("double bounce", "qmail-inject", ["-a", "-fno-such-user@mail.example", "bad-two@remote.example"], {
    input: "Subject: fails twice\n\nmail that nobody wants\n"
  })
  await run(
    "verp",
    "qmail-inject",
    ["-a", `-f${j}-bounces-@mail.example-@[]`, "ok-verp@remote.example", "bad-verp@remote.example"],
    { input: "Subject: verp\n\nto a list\n" }
  )
  await run(
    "list and forward",
    "qmail-inject",
    ["-a", `-f${j}-bounces@mail.example`, `${j}-list@mail.example`, `${j}-fwd@mail.example`],
    { input: "Subject: list\n\nfanned out\n" }
  )
  await run("tools", "qmail-inject", ["-a", `-f${j}-bounces@mail.example`, `${j}-tools@mail.example`], {
    input: `Notice-Requested-Upon-Delivery-To: <${j}-tools@mail.example>\nSubject: tools\n\nthrough the commands\n`
  })
  for (const go of ["yes", "away"])
    await run(`X-Go: ${go}`, "qmail-inject", ["-a", `-f${j}-bounces@mail.example`, `${j}-tools@mail.example`], {
      input: `X-Go: ${go}\n\ngo\n`
    })
  await run("root by qmail-inject", "qmail-inject", [`${j}-md@mail.example`], {
    as: root,
    input: "Subject: root\n\nr\n"
  })
  await run("qmail-inject -n", "qmail-inject", ["-n", "a@b.example"], { input: "Subject: shown\n\nx\n" })
  await run("qmail-queue, bad envelope", "/bin/sh", ["-c", `${binary("qmail-queue")} </dev/null 1</dev/null`])
}

/** From the network. */
const receive = async ({ accounts, binary, home, j, run, seen }) => {
  const network = { as: accounts.qmaild, env: { PATH: Home.path({ home }) } }
  seen.set(
    "qmail-smtpd",
    normal(await converse([binary("tcp-env"), "-R", "-H", binary("qmail-smtpd")], { ...network, input: smtpIn(j) }))
  )
  const qmtp = netstring("\nSubject: qmtp\n\nby QMTP\n") + netstring(`${j}-bounces@mail.example`)
  seen.set(
    "qmail-qmtpd",
    normal(
      await converse([binary("tcp-env"), "-R", "-H", binary("qmail-qmtpd")], {
        ...network,
        input: qmtp + netstring(netstring(`${j}-md@mail.example`) + netstring("x@elsewhere.example"))
      })
    )
  )
  const qmqp = await converse([binary("tcp-env"), "-R", "-H", binary("qmail-qmqpd")], { ...network, port: 628 })
  await run("qmail-qmqpc", "qmail-inject", [`${j}-md@mail.example`, "ok-qmqp@remote.example"], {
    input: "Subject: qmqp\n\nby QMQP\n",
    env: { QMAILQUEUE: binary("qmail-qmqpc") }
  })
  qmqp.close()
}

/** What waits is listed, then retried at ALRM; HUP brings a new local host. */
const retry = async ({ accounts, home, j, joe, run, seen }, trial, daemon) => {
  await Home.settled(trial, daemon)
  seen.set("qmail-qread", sortedLines(await run("", "qmail-qread", [], { as: root })))
  await run("qmail-qstat", "qmail-qstat", [], { as: root })
  seen.set("queue while mail waits", queueShape(trial))
  timedOut(home)
  await run("qmail-tcpto", "qmail-tcpto", [], { as: root })
  await run("qmail-tcpok", "qmail-tcpok", [], { as: root })
  await run("qmail-tcpto after qmail-tcpok", "qmail-tcpto", [], { as: root })
  await run("splogger", "splogger", ["trial"], { as: accounts.qmaill, input: "status: exiting\nalert: no end" })

  writeFileSync(`${joe.home}/trial-go`, "")
  daemon.kill("SIGALRM")
  await Home.settled(trial, daemon)
  writeFileSync(`${home}/control/locals`, "mail.example\nlocalhost\nnew.example\n")
  daemon.kill("SIGHUP")
  await Home.sleep(200)
  await run("after HUP", "qmail-inject", [`${j}-md@new.example`], { input: "Subject: new\n\nhost\n" })
  await Home.settled(trial, daemon)
}

const readMail = async ({ joe, run }, trial) => {
  await pop(trial, run)
  writeFileSync(`${joe.home}/trial-mbox`, "From somebody Thu Jan  1 00:00:00 1970\nSubject: old\n\n>From me\n\n")
  chownSync(`${joe.home}/trial-mbox`, joe.uid, joe.gid)
  const copies = {
    MAIL: `${joe.home}/trial-mbox`,
    MAILDIR: `${joe.home}/trial-pop`,
    MAILTMP: `${joe.home}/trial-mboxtmp`
  }
  await run("maildir2mbox", "maildir2mbox", [], { env: copies })
  await run("maildirmake", "maildirmake", ["trial-made"])
  await run("maildirmake again", "maildirmake", ["trial-made"])
}

/** One host of lock/tcpto that did not answer three times. */
const timedOut = (home) => {
  const record = Buffer.alloc(16)
  record.set([192, 0, 2, 7, 3])
  record.writeUInt32LE(Math.floor(Date.now() / 1000) - 100, 8)
  const fd = openSync(`${home}/queue/lock/tcpto`, "r+")
  writeSync(fd, record, 0, 16, 32)
  closeSync(fd)
}

const pop = async ({ home, joe }, run) => {
  const checker = `${joe.home}/trial-checkpassword`
  writeFileSync(
    checker,
    `#!/bin/sh\ntr '\\0' ' ' <&3 >${joe.home}/trial-pop.credentials\ncd ${joe.home} || exit 2\nexec "$@"\n`
  )
  chmodSync(checker, 0o755)
  const input = [
    "NOOP",
    "USER joe",
    "PASS secret word",
    "STAT",
    "LIST",
    "UIDL",
    "TOP 1 1",
    "RETR 1",
    "DELE 1",
    "LIST",
    "QUIT",
    ""
  ]
  await run("qmail-pop3d", "qmail-popup", ["pop.example", checker, `${home}/bin/qmail-pop3d`, "trial-pop"], {
    input: input.join("\r\n")
  })
}

/** Kinds of files with owner, mode and contents, without numbers; mail texts are seen elsewhere. */
export const queueShape = (trial) =>
  Home.queueFiles(trial)
    .map(({ content, path, stat }) => {
      const kind = path.split("/")[0]
      const text = kind === "bounce" ? sortedParagraphs(content) : normal(content)
      const shown = ["mess", "pid"].includes(kind) ? "" : ` ${JSON.stringify(text)}`
      return `${kind} ${stat.uid} ${(stat.mode & 0o7777).toString(8)}${shown.replace(/"u(\d+)\\u0000p\d+/, '"u$1\\u0000pPID')}`
    })
    .sort()
    .join("\n")

/** What arrived, sorted, since the order of arrival is chance. */
export const collect = (joe, seen) => {
  for (const name of readdirSync(joe.home).sort()) {
    if (!/^(Maildir|Mailbox|trial)/.test(name)) continue
    const path = `${joe.home}/${name}`
    const isChance = /bounces|double|mbox$/.test(name)
    const read = (file) => (isChance ? sortedParagraphs : normal)(readFileSync(file, "latin1"))
    if (!existsSync(`${path}/new`))
      seen.set(name, /(default|later|preline)\.out$/.test(name) ? sortedLines(read(path)) : read(path))
    else
      for (const sub of ["tmp", "new", "cur"]) {
        const files = readdirSync(`${path}/${sub}`)
        seen.set(
          `${name}/${sub}`,
          files
            .map((file) => `${normal(file)}\n${read(`${path}/${sub}/${file}`)}`)
            .sort()
            .join("\n-----\n")
        )
      }
  }
}
