// Puts each of our programs into a running notqmail, and each of notqmail's into a running system of ours; see README.md.
import { existsSync, readdirSync } from "node:fs"
import { adopt } from "./adoption.mjs"
import * as Home from "./home.mjs"
import { differences } from "./normal.mjs"
import * as Scenario from "./scenario.mjs"
import { configure } from "./site.mjs"
import * as Sink from "./sink.mjs"

const options = {
  home: undefined,
  ours: new URL("../../dist/bin", import.meta.url).pathname,
  user: undefined,
  only: undefined
}
const words = process.argv.slice(2)
while (words.length > 0) {
  const word = words.shift()
  const name = word.slice(2)
  if (!word.startsWith("--") || !(name in options || name === "most")) Home.refuse(`unknown option ${word}`)
  options[name] = words.shift()
}
if (options.home === undefined || options.user === undefined)
  Home.refuse(
    "usage: run.mjs --home NOTQMAIL_HOME --user NAME [--ours DIR] [--only PART,PART or PROGRAM] [--most LINES]"
  )

const trial = Home.prepare(options)
const sink = await Sink.open()
const only = options.only?.split(",")
const wants = (...names) => only === undefined || names.some((name) => only.includes(name))

const round = async (label, fill, expected) => {
  Home.cleanUser(trial)
  fill()
  configure(trial, sink.port)
  try {
    const seen = await Scenario.play(trial, sink)
    const found = expected === undefined ? [] : differences(expected, seen, Number(options.most ?? 12))
    console.log(`${found.length === 0 ? "same" : "DIFF"}  ${label}`)
    for (const line of found) console.log(`      ${line}`)
    if (found.length > 0) process.exitCode = 1
    return seen
  } catch (error) {
    console.log(`FAIL  ${label}: ${error.message}`)
    process.exitCode = 1
    for (const daemon of trial.daemons) daemon.kill("SIGTERM")
    await Home.sleep(500)
    return undefined
  }
}

let ended = false
const end = () => {
  if (ended) return
  ended = true
  sink.close()
  Home.restore(trial)
}
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    end()
    process.exit(1)
  })

try {
  const isSystem = (name) => existsSync(`${trial.aside}/bin/${name}`) && existsSync(`${trial.ours}/${name}`)
  const programs = readdirSync(`${trial.ours}`).filter(isSystem)
  const theirs = await round("all notqmail's", () => Home.fillWithTheirs(trial))
  if (wants("again")) await round("all notqmail's, once more", () => Home.fillWithTheirs(trial), theirs)
  for (const name of programs)
    if (wants("ours-in-theirs", name))
      await round(`ours in notqmail: ${name}`, () => (Home.fillWithTheirs(trial), Home.takeOurs(trial, name)), theirs)
  if (wants("ours")) await round("all ours", () => Home.fillWithOurs(trial), theirs)
  for (const name of programs)
    if (wants("theirs-in-ours", name))
      await round(`notqmail's in ours: ${name}`, () => (Home.fillWithOurs(trial), Home.takeTheirs(trial, name)), theirs)
  if (wants("adoption")) await adopt(trial, sink, (a, b) => differences(a, b, Number(options.most ?? 12)))
} finally {
  end()
}
