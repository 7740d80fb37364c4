/**
 * What the administrator asks of the queue: the value, and the words in which a running server is asked and answers.
 *
 * They go through a socket of the server, so that nothing has to be written for them. A request whose asker has gone is
 * not done; to do one twice does no harm.
 */
import * as Result from "effect/Result"
import { type ByteString, isDigits } from "../Bytes.ts"
import type { Errno } from "../Outcome.ts"
import type { Channel } from "../route/Channel.ts"
import type { Seconds } from "../Time.ts"
import { isMessageNumber, type MessageNumber } from "../queue/MessageNumber.ts"

/** `bounce` and `delete` end recipients, the one with a notice to the sender, the other without. */
export type Verb = "retry" | "hold" | "release" | "bounce" | "delete"

export interface Target {
  readonly id: MessageNumber
  /** The message that was meant was written then; its number may have gone to another. Undefined: whichever has it. */
  readonly written: Seconds | undefined
  /** Undefined: the whole message. Else recipients by the places of their records. */
  readonly recipients: ReadonlyArray<Place> | undefined
}

export interface Place {
  readonly channel: Channel
  readonly position: number
}

export interface QueueRequest {
  readonly verb: Verb
  /** Not empty for `bounce` and `delete`; it is logged, and a bounced sender reads it. */
  readonly reason: ByteString
  readonly targets: ReadonlyArray<Target>
}

export type Outcome =
  | { readonly _tag: "Done"; readonly id: MessageNumber }
  /** No message of this number, or not one in the state that the request is about. */
  | { readonly _tag: "NotThere"; readonly id: MessageNumber }
  | { readonly _tag: "Busy"; readonly id: MessageNumber; readonly why: Work }
  | { readonly _tag: "Failed"; readonly id: MessageNumber; readonly errno: Errno }

/** What is going on with a message, so that nothing of it may be changed. */
export type Work =
  /** Its recipients are being read, or wait for a free slot. */
  | "starting"
  | "delivering"
  /** What became of a delivery is being written into its files. */
  | "recording"
  /** Nobody is left: its sender is told, and its files go. */
  | "ending"
  /** It goes from todo/ to its channels. */
  | "sorting"
  /** Its files are being looked at after a failure. */
  | "reading"

/** As pieces, each of which is done well before whoever asked grows tired of waiting. */
export const pieces = (request: QueueRequest): ReadonlyArray<QueueRequest> => {
  const all: Array<QueueRequest> = []
  for (let at = 0; at < request.targets.length; at += targetsMax)
    all.push({ ...request, targets: request.targets.slice(at, at + targetsMax) })
  return all
}
/** Messages of one request, which share fsyncs: a few seconds on a slow disk. */
const targetsMax = 1000

/**
 * By messages, which do not wait for each other; targets of one message follow each other as they were given. Each is
 * told by its place in the request.
 */
export const byMessage = (targets: ReadonlyArray<Target>): ReadonlyArray<ReadonlyArray<number>> => {
  const places = new Map<MessageNumber, Array<number>>()
  for (const [place, { id }] of targets.entries()) {
    const others = places.get(id)
    if (others === undefined) places.set(id, [place])
    else others.push(place)
  }
  return [...places.values()]
}

/** Verb, reason, then a line a message: `53`, or `53 written 1700000000.25 local 0 remote 17`. */
export const format = ({ reason, targets, verb }: QueueRequest): ByteString =>
  `${verb}\n${reason.replaceAll("\n", " ")}\n` +
  targets
    // Nobody is not everybody.
    .filter(({ recipients }) => recipients?.length !== 0)
    .map(({ id, recipients, written }) => {
      const words = [id, ...(written === undefined ? [] : ["written", written])]
      for (const { channel, position } of recipients ?? []) words.push(channel, position)
      return `${words.join(" ")}\n`
    })
    .join("")

export const parse = (content: ByteString): Result.Result<QueueRequest, ByteString> => {
  const [verb, reason, ...lines] = content.split("\n")
  if (!isVerb(verb)) return Result.fail(`unknown verb: ${verb}`)
  if (reason === undefined || lines.pop() !== "") return Result.fail("cut short")
  if (reason === "" && wantsReason(verb)) return Result.fail(`${verb} wants a reason`)
  const targets: Array<Target> = []
  for (const line of lines) {
    const target = targetOf(line)
    if (target === undefined) return Result.fail(`not a message: ${line}`)
    targets.push(target)
  }
  return Result.succeed({ verb, reason, targets })
}

export const wantsReason = (verb: Verb): boolean => verb === "bounce" || verb === "delete"

const targetOf = (line: ByteString): Target | undefined => {
  const [id, ...words] = line.split(" ")
  if (!isMessageNumber(id!) || words.length % 2 !== 0) return undefined
  const places: Array<Place> = []
  let written: Seconds | undefined
  for (let i = 0; i < words.length; i += 2) {
    const channel = words[i]
    const value = words[i + 1]!
    if (channel === "written" && /^[0-9]+([.][0-9]+)?$/.test(value)) {
      written = Number(value)
      continue
    }
    if ((channel !== "local" && channel !== "remote") || !isDigits(value)) return undefined
    places.push({ channel, position: Number(value) })
  }
  return { id: id!, written, recipients: places.length === 0 ? undefined : places }
}

const isVerb = (word: ByteString | undefined): word is Verb => verbs.has(word as Verb)
const verbs: ReadonlySet<Verb> = new Set<Verb>(["retry", "hold", "release", "bounce", "delete"])

/** A line a message: `done 53`, `absent 53`, `busy 53 delivering`, `failed 53 EIO`. */
export const formatAnswer = (outcomes: ReadonlyArray<Outcome>): ByteString => outcomes.map(answerLine).join("")

const answerLine = (outcome: Outcome): ByteString => {
  switch (outcome._tag) {
    case "Done":
      return `done ${outcome.id}\n`
    case "NotThere":
      return `absent ${outcome.id}\n`
    case "Busy":
      return `busy ${outcome.id} ${outcome.why}\n`
    case "Failed":
      return `failed ${outcome.id} ${outcome.errno}\n`
  }
}

export const parseAnswer = (content: ByteString): ReadonlyArray<Outcome> =>
  content.split("\n").flatMap((line): ReadonlyArray<Outcome> => {
    const [word, id, why] = line.split(" ")
    if (id === undefined) return []
    if (word === "done") return [{ _tag: "Done", id }]
    if (word === "absent") return [{ _tag: "NotThere", id }]
    if (word === "busy" && isWork(why)) return [{ _tag: "Busy", id, why }]
    return word === "failed" ? [{ _tag: "Failed", id, errno: why ?? "EIO" }] : []
  })

const isWork = (word: ByteString | undefined): word is Work => works.has(word as Work)
const works: ReadonlySet<Work> = new Set<Work>(["starting", "delivering", "recording", "ending", "sorting", "reading"])

/** Below queue/: a place that is the sender's own. Where qmail's users are, lock/ is not. */
export const socketFile = (owners: "one" | "many"): ByteString => (owners === "one" ? "lock/admin" : "bounce/admin")

/** Below queue/: what was done while no server ran, for the next one to log. */
export const directory = "lock/request"
export const noteOf = (name: ByteString): ByteString => `${name}.note`
/** Not one that is still being written. */
export const isNote = (name: ByteString): boolean => /^[0-9]+\.[0-9]+\.note$/.test(name)
