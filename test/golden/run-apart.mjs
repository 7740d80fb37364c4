// Runs the cases of tools.jsonl that were recorded apart: splogger with somebody at /dev/log, and qmail-getpw with the
// alias user of this machine. Both in the machine of site.mjs.
import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { get } from "./run-golden.mjs"
import { listening } from "./site.mjs"

export const runApart = (test, home) => {
  rmSync(`${home}/control`, { recursive: true, force: true })
  mkdirSync(`${home}/control`)
  return test.program === "splogger" ? runSplogger(test, home) : runGetpw(test, home)
}

const runSplogger = async (test, home) => {
  let result
  const datagrams = await listening(async () => (result = await run(test, home)))
  return { ...result, syslog: datagrams.map((each) => maskSyslog(each.toString("utf8"))) }
}

/** `<PRIORITY>Mmm dd hh:mm:ss TAG: SECONDS.MICROSECONDS TEXT` */
const maskSyslog = (datagram) =>
  datagram
    .replace(/^(<\d+>)[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /, "$1{SYSLOGTIME} ")
    .replace(/: \d{10}\.\d{6}(?=[ +])/, ": {EPOCH.USEC}")

const runGetpw = async (test, home) => {
  const result = await run(test, home)
  const [, , uid, gid, , directory] = /^alias:.*$/m.exec(readFileSync("/etc/passwd", "utf8"))[0].split(":")
  const own = `alias\0${uid}\0${gid}\0${directory}\0`
  return { ...result, stdout: result.stdout.replace(own, "alias\0{UID}\0{GID}\0{ALIASHOME}\0") }
}

const run = (test, home) =>
  new Promise((resolve) => {
    const child = spawn(`${home}/bin/${test.program}`, test.args, { env: { PATH: process.env.PATH, ...test.env } })
    const said = { stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"]) child[name].on("data", (piece) => (said[name] += piece))
    child.on("close", (code, signal) => resolve({ exit: code ?? signal, ...said }))
    child.stdin.end(get(test, "stdin"))
  })
