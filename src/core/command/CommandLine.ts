/** The words after `thresher`: a verb with its long options. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import { type Endpoint, parseEndpoint } from "./Endpoint.ts"
import * as LongOptions from "./LongOptions.ts"
import * as QueueCommandLine from "./QueueCommandLine.ts"

export type LogStyle = "qmail" | "time"

export type Order =
  | { readonly _tag: "Init"; readonly home?: ByteString; readonly domain: ByteString }
  | {
      readonly _tag: "Start"
      readonly home?: ByteString
      readonly listen: ReadonlyArray<Endpoint>
      readonly log: LogStyle
      /** How long deliveries under way are waited for when the server is told to stop. */
      readonly drainSeconds: number
    }
  | { readonly _tag: "Stop"; readonly home?: ByteString; readonly patienceSeconds: number }
  | { readonly _tag: "Check"; readonly home?: ByteString; readonly json: boolean }
  | { readonly _tag: "AddUser"; readonly home?: ByteString; readonly user: ByteString }
  | { readonly _tag: "Install"; readonly home?: ByteString; readonly makeUsers: boolean }
  | { readonly _tag: "Queue"; readonly home?: ByteString; readonly order: QueueCommandLine.QueueOrder }
  | { readonly _tag: "Help"; readonly about?: ByteString }

/** The failure is one line: what is wrong with which word. */
export type Refusal = string

type Words = LongOptions.Words
const { last } = LongOptions

interface Verb extends LongOptions.Known {
  readonly words: string
  readonly says: string
  readonly read: (words: Words) => Result.Result<Order, Refusal>
}

export const parse = (args: ReadonlyArray<ByteString>): Result.Result<Order, Refusal> => {
  const [first, ...rest] = args
  if (first === undefined || first === "--help" || first === "-h") return Result.succeed({ _tag: "Help" })
  const verb = verbs[first]
  if (verb === undefined) return Result.fail(`no such command: ${first}`)
  return Result.flatMap(LongOptions.split({ ...verb, options: [...verb.options, "home"] }, rest), verb.read)
}

/** For `thresher help`: one line a verb. */
export const usage = (): string =>
  [
    "usage: thresher COMMAND [--home DIR] ...",
    ...Object.entries(verbs).map(([name, verb]) => usageOf(`${name} ${verb.words}`.trimEnd(), verb.says)),
    "DIR is $QMAILHOME, else the home that thresher was installed in, unless --home names it.",
    ""
  ].join("\n")

/** What is too long for its column has a line of its own. */
const usageOf = (words: string, says: string): string =>
  words.length > usageColumn
    ? `  ${words}\n  ${"".padEnd(usageColumn)} ${says}`
    : `  ${words.padEnd(usageColumn)} ${says}`

const usageColumn = 36

const homeOf = (words: Words): { readonly home?: ByteString } => {
  const home = last(words, "home")
  return home === undefined ? {} : { home }
}

const noWords = (words: Words, order: () => Result.Result<Order, Refusal>): Result.Result<Order, Refusal> =>
  words.plain.length === 0 ? order() : Result.fail(`unexpected argument: ${words.plain[0]}`)

const readStart = (words: Words): Result.Result<Order, Refusal> =>
  noWords(words, () => {
    const listen: Array<Endpoint> = []
    for (const text of words.options.get("listen") ?? []) {
      const endpoint = parseEndpoint(text)
      if (endpoint === undefined) return Result.fail(`not HOST:PORT or fd:N: ${text}`)
      listen.push(endpoint)
    }
    const log = last(words, "log") ?? "time"
    if (log !== "qmail" && log !== "time") return Result.fail(`--log is qmail or time, not ${log}`)
    return Result.map(seconds(words, "drain", "30"), (drainSeconds) => ({
      _tag: "Start",
      ...homeOf(words),
      listen,
      log,
      drainSeconds
    }))
  })

const readStop = (words: Words): Result.Result<Order, Refusal> =>
  noWords(words, () =>
    Result.map(seconds(words, "timeout", "60"), (patienceSeconds) => ({
      _tag: "Stop",
      ...homeOf(words),
      patienceSeconds
    }))
  )

const seconds = (words: Words, option: string, otherwise: string): Result.Result<number, Refusal> => {
  const value = last(words, option) ?? otherwise
  return /^[0-9]{1,6}$/.test(value)
    ? Result.succeed(Number(value))
    : Result.fail(`--${option} wants seconds, not ${value}`)
}

const readInit = (words: Words): Result.Result<Order, Refusal> =>
  noWords(words, () => {
    const domain = last(words, "domain")
    if (domain === undefined) return Result.fail("init wants --domain NAME")
    return /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(domain)
      ? Result.succeed({ _tag: "Init", ...homeOf(words), domain })
      : Result.fail(`not a domain name: ${domain}`)
  })

const readUser = (words: Words): Result.Result<Order, Refusal> => {
  const [action, user, ...more] = words.plain
  if (action !== "add" || user === undefined || more.length > 0) return Result.fail("usage: thresher user add USER")
  return Result.succeed({ _tag: "AddUser", ...homeOf(words), user })
}

const readHelp = (words: Words): Result.Result<Order, Refusal> =>
  words.plain.length > 1
    ? Result.fail(`unexpected argument: ${words.plain[1]}`)
    : Result.succeed({ _tag: "Help", ...(words.plain[0] !== undefined && { about: words.plain[0] }) })

const verbs: Readonly<Record<string, Verb>> = {
  init: {
    options: ["domain"],
    switches: [],
    words: "--domain NAME",
    says: "make a home that you own",
    read: readInit
  },
  start: {
    options: ["listen", "log", "drain"],
    switches: [],
    words: "[--listen HOST:PORT|fd:N]... [--log time|qmail] [--drain SECONDS]",
    says: "run the server in the foreground",
    read: readStart
  },
  stop: {
    options: ["timeout"],
    switches: [],
    words: "[--timeout SECONDS]",
    says: "stop the server and wait until it is gone",
    read: readStop
  },
  check: {
    options: [],
    switches: ["json"],
    words: "[--json]",
    says: "check control files, users and the queue",
    read: (words) =>
      noWords(words, () => Result.succeed({ _tag: "Check", ...homeOf(words), json: words.options.has("json") }))
  },
  user: { options: [], switches: [], words: "add USER", says: "give USER a Maildir", read: readUser },
  install: {
    options: [],
    switches: ["make-users"],
    words: "[--make-users]",
    says: "put the programs where qmail's are",
    read: (words) =>
      noWords(words, () =>
        Result.succeed({ _tag: "Install", ...homeOf(words), makeUsers: words.options.has("make-users") })
      )
  },
  queue: {
    options: QueueCommandLine.options,
    switches: QueueCommandLine.switches,
    words: QueueCommandLine.words,
    says: "see and steer what waits",
    read: (words) => Result.map(QueueCommandLine.read(words), (order) => ({ _tag: "Queue", ...homeOf(words), order }))
  },
  help: { options: [], switches: [], words: "[PROGRAM]", says: "show this, or a manual page", read: readHelp }
}
