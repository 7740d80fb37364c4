/**
 * The words after `thresher queue`: what to do, and with which messages.
 *
 * Whatever changes the queue wants to be told which messages it is about: to say nothing is not to say all.
 */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import type { Seconds } from "../Time.ts"
import { last, type Words } from "./LongOptions.ts"

export type Steering = "retry" | "hold" | "release" | "bounce" | "delete"

/** What was said about the messages that are meant; nothing: all of them. */
export interface Choice {
  readonly ids?: ReadonlySet<string>
  readonly sender?: ByteString
  readonly recipient?: ByteString
  readonly host?: ByteString
  readonly olderThan?: Seconds
  readonly youngerThan?: Seconds
  readonly held?: boolean
}

interface Manner {
  readonly choice: Choice
  /** One JSON object a line instead of text. */
  readonly json: boolean
}

export type QueueOrder =
  | ({ readonly _tag: "List" } & Manner)
  | ({ readonly _tag: "Show" } & Manner)
  | ({ readonly _tag: "Steer"; readonly verb: Steering; readonly reason: ByteString } & Manner)
  /** `keep`: what is copied stays in the queue, too. */
  | ({ readonly _tag: "Export"; readonly directory: ByteString; readonly keep: boolean } & Manner)
  | { readonly _tag: "Import"; readonly directory: ByteString; readonly json: boolean }

export const options = ["sender", "recipient", "host", "older", "newer", "reason"]
export const switches = ["json", "all", "held", "keep"]
export const words = "list|show|retry|hold|release|bounce|delete|export|import ..."

type Refused<A> = Result.Result<A, string>

export const read = (line: Words): Refused<QueueOrder> => {
  const [action, ...rest] = line.plain
  if (action === undefined) return Result.fail(`queue wants one of ${[...actions.keys()].join(", ")}`)
  const mayHave = actions.get(action)
  if (mayHave === undefined) return Result.fail(`queue cannot ${action}`)
  const stray = [...line.options.keys()].find((name) => name !== "home" && name !== "json" && !mayHave.includes(name))
  if (stray !== undefined) return Result.fail(`queue ${action} takes no --${stray}`)
  const twice = [...line.options].find(([, values]) => values.length > 1)
  if (twice !== undefined) return Result.fail(`--${twice[0]} more than once`)
  const json = line.options.has("json")
  switch (action) {
    case "import": {
      const [directory, more] = rest
      if (directory === undefined) return Result.fail("queue import wants a directory")
      return more === undefined
        ? Result.succeed({ _tag: "Import", directory, json })
        : Result.fail(`unexpected argument: ${more}`)
    }
    case "export": {
      const [directory, ...numbers] = rest
      if (directory === undefined) return Result.fail("queue export wants a directory")
      return Result.map(chosen(line, action, numbers), (choice) => ({
        _tag: "Export",
        directory,
        keep: line.options.has("keep"),
        choice,
        json
      }))
    }
    case "list":
      return Result.map(choiceOf(line, rest), (choice) => ({ _tag: "List", choice, json }))
    case "show":
      return Result.map(chosen(line, action, rest), (choice) => ({ _tag: "Show", choice, json }))
    default:
      return readSteering(line, action as Steering, rest, json)
  }
}

const readSteering = (
  line: Words,
  verb: Steering,
  numbers: ReadonlyArray<ByteString>,
  json: boolean
): Refused<QueueOrder> => {
  const reason = (last(line, "reason") ?? "").trim()
  if (reason === "" && actions.get(verb)!.includes("reason")) return Result.fail(`queue ${verb} wants --reason TEXT`)
  return Result.map(chosen(line, verb, numbers), (choice) => ({ _tag: "Steer", verb, reason, choice, json }))
}

/** Which messages was said, one way or the other. */
const chosen = (line: Words, action: string, numbers: ReadonlyArray<ByteString>): Refused<Choice> =>
  Result.flatMap(choiceOf(line, numbers), (choice) => {
    const said = Object.keys(choice).length > 0
    const all = line.options.has("all")
    if (all && said) return Result.fail("--all and a choice of messages contradict each other")
    if (!all && !said)
      return Result.fail(
        `queue ${action} wants message numbers, --sender, --recipient, --host, --older, --newer, --held or --all`
      )
    return Result.succeed(choice)
  })

const choiceOf = (line: Words, numbers: ReadonlyArray<ByteString>): Refused<Choice> =>
  Result.gen(function* () {
    const ids = new Set<string>()
    for (const word of numbers) ids.add(yield* number(word))
    const [older, newer] = [last(line, "older"), last(line, "newer")]
    const [sender, recipient, host] = [last(line, "sender"), last(line, "recipient"), last(line, "host")]
    return {
      ...(ids.size > 0 && { ids }),
      ...(sender !== undefined && { sender: bare(sender) }),
      ...(recipient !== undefined && { recipient: bare(recipient) }),
      ...(host !== undefined && { host }),
      ...(older !== undefined && { olderThan: yield* age("older", older) }),
      ...(newer !== undefined && { youngerThan: yield* age("newer", newer) }),
      ...(line.options.has("held") && { held: true })
    }
  })

/** `53`, or `#53` as qmail-qread says it. */
const number = (word: ByteString): Refused<string> => {
  const digits = /^#?([1-9][0-9]{0,19})$/.exec(word)?.[1]
  return digits === undefined ? Result.fail(`not a message number: ${word}`) : Result.succeed(digits)
}

/** `<joe@example.org>` as well: `<>` is the sender of bounces. */
const bare = (address: ByteString): ByteString => /^<([^]*)>$/.exec(address)?.[1] ?? address

const age = (option: string, text: ByteString): Refused<Seconds> => {
  const [, count, unit] = /^([0-9]{1,9})([smhdw])$/.exec(text) ?? []
  return count === undefined
    ? Result.fail(`--${option} wants an age like 90s, 30m, 2h, 3d or 1w, not ${text}`)
    : Result.succeed(Number(count) * unitSeconds[unit as keyof typeof unitSeconds])
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }

/** What each action takes besides --home and --json. */
const choosing = ["sender", "recipient", "host", "older", "newer", "held"]
const unheld = choosing.filter((name) => name !== "held")
const actions: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["list", choosing],
  ["show", [...choosing, "all"]],
  // What is held waits for its release.
  ["retry", [...unheld, "all"]],
  ["hold", [...choosing, "all"]],
  ["release", [...choosing, "all"]],
  ["bounce", [...choosing, "all", "reason"]],
  ["delete", [...choosing, "all", "reason"]],
  ["export", [...choosing, "all", "keep"]],
  ["import", []]
])
