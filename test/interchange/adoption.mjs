// A queue with mail in every state goes from one side to the other, in place, and what it holds is delivered there.
import { execFileSync } from "node:child_process"
import { readdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Home from "./home.mjs"
import { normal, sortedLines } from "./normal.mjs"
import { runner } from "./programs.mjs"
import { collect, queueShape } from "./scenario.mjs"
import { configure } from "./site.mjs"

const root = { name: "root", uid: 0, gid: 0, home: "/" }

/** An administrator's steps: installing over notqmail keeps its programs beside ours. */
const sides = {
  notqmail: (trial) => {
    const bin = `${trial.home}/bin`
    for (const name of readdirSync(bin))
      if (name.endsWith(".before-thresher")) renameSync(join(bin, name), join(bin, name.slice(0, -16)))
  },
  ours: (trial) => {
    execFileSync(join(trial.ours, "thresher"), ["install", "--home", trial.home], { stdio: ["ignore", "ignore", 2] })
    if (trial.launcher === null) return
    Home.takeOurs(trial, "qmail-queue")
  }
}

/** Gives each report line to `say`; `expected` is what the first pass, notqmail alone, showed. */
const pass = async (trial, sink, { from, to, signal }) => {
  const { joe } = trial
  Home.cleanUser(trial)
  configure(trial, sink.port)
  sink.forget()
  const seen = new Map()
  const run = runner(trial, seen)
  const inject = (subject, ...recipients) =>
    run("", "qmail-inject", ["-a", `-f${joe.name}-bounces@mail.example`, ...recipients], {
      input: `Subject: ${subject}\n\n${subject}\n`
    })
  const box = (ext) => `${joe.name}-${ext}@mail.example`

  sides[from](trial)
  await run("", "qmail-newu", [], { as: root })
  const first = await Home.start(trial)
  await inject(
    "all fates",
    box("md"),
    box("later"),
    box("fail"),
    "ok@remote.example",
    "slow@remote.example",
    "bad@remote.example"
  )
  await inject("only waits", box("later"))
  await Home.settled(trial, first)
  first.kill(signal)
  await first.ended
  await Home.sleep(500)
  await inject("never seen", box("mbox"), "ok-two@remote.example", "no-such-user@mail.example")
  await inject("nor this", box("cmd"))
  seen.set("queue handed over", queueShape(trial))
  seen.set("qmail-qread", sortedLines(await run("", "qmail-qread", [], { as: root })))
  const listed = await run("", "qmail-qread", [], { as: root })

  sides[to](trial)
  const listedThere = await run("", "qmail-qread", [], { as: root })
  const inLines = (text) => text.split("\n").sort().join("\n")
  seen.set("both list the same bytes", String(inLines(listed) === inLines(listedThere)))
  const numbers = Home.queueFiles(trial)
    .filter(({ path }) => path.startsWith("mess/"))
    .map(({ path, stat }) => path.endsWith(`/${stat.ino}`))
  seen.set("names are inode numbers", numbers.join(" "))
  const second = await Home.start(trial)
  await Home.settled(trial, second)
  if (signal === "SIGTERM") seen.set("queue before the retry", queueShape(trial))
  writeFileSync(`${joe.home}/trial-go`, "")
  second.kill("SIGALRM")
  await Home.settled(trial, second)
  seen.set("exit", String(await Home.stop(trial, second)))
  const untimed = (log) => sortedLines(log).replace(/^status: local .*\n?/gm, "")
  if (signal === "SIGTERM") seen.set("log", untimed(second.log()))
  else
    seen.set(
      "ended",
      untimed(second.log())
        .split("\n")
        .filter((line) => line.startsWith("end msg"))
        .join("\n")
    )
  seen.set("queue at the end", queueShape(trial))
  const outside = sink.transactions.map(normal).filter((said) => signal === "SIGTERM" || said.includes("DATA"))
  seen.set("to the outside world", outside.sort().join("\n=====\n"))
  collect(joe, seen)
  return seen
}

export const adopt = async (trial, sink, differences) => {
  Home.fillWithTheirs(trial)
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    let expected
    for (const [from, to] of [
      ["notqmail", "notqmail"],
      ["notqmail", "ours"],
      ["ours", "ours"],
      ["ours", "notqmail"]
    ]) {
      const seen = await pass(trial, sink, { from, to, signal })
      expected ??= seen
      const found = differences(expected, seen)
      console.log(
        `${found.length === 0 ? "same" : "DIFF"}  a queue left by ${from} at ${signal} is taken over by ${to}`
      )
      for (const line of found) console.log(`      ${line}`)
      if (found.length > 0) process.exitCode = 1
    }
  }
}
