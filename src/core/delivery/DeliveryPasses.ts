/**
 * Which recipient is tried next, and what does the report change?
 *
 * A pass goes once through the recipients of a message on one channel; its job lives until the last delivery of the
 * pass is reported and marked. Then the file goes, if nobody is left in it, or the message waits for its next time.
 *
 * From: qmail-send.c, pass_dochan(), del_start(), del_dochan(), job_close().
 */
import * as BounceFile from "../bounce/BounceFile.ts"
import type { ByteString } from "../Bytes.ts"
import { verpSender } from "../envelope/Envelope.ts"
import type { Letter } from "../Outcome.ts"
import * as MessageNumber from "../queue/MessageNumber.ts"
import type { RecipientRecord } from "../queue/RecipientFile.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import * as RetrySchedule from "../retry/RetrySchedule.ts"
import { type Channel, channels } from "../route/Channel.ts"
import * as RecipientRoute from "../route/RecipientRoute.ts"
import { EpochSeconds } from "../Time.ts"
import * as LogLines from "./LogLines.ts"
import * as SendState from "./SendState.ts"
import * as StraightDelivery from "./StraightDelivery.ts"

type Id = MessageNumber.MessageNumber
type Turn = SendState.Turn
type ChannelState = SendState.ChannelState
type Job = SendState.Job
type FactOf<Tag extends SendState.Fact["_tag"]> = Extract<SendState.Fact, { readonly _tag: Tag }>

/** Starts what may start. The channels take turns, so that neither waits for a long list of the other. */
export const serve = (turn: Turn): void => {
  if (turn.state.phase !== "Running") return
  for (let busy = true; busy;) {
    busy = false
    for (const channel of channels) if (serveOne(turn, turn.state.channels[channel])) busy = true
  }
}

const serveOne = (turn: Turn, channel: ChannelState): boolean => {
  if (!channel.alive) return false
  const pass = channel.passes[0]
  if (pass === undefined) return beginNext(turn, channel)
  const record = pass.records[pass.at]
  if (record === undefined) return continuePass(turn, channel, pass)
  const { job } = pass
  if (!record.done && !job.inFlight.has(record.position)) {
    if (!canTake(turn.state, channel)) return false
    if (givesWay(turn, channel, pass)) return true
    startDelivery(turn, channel, job, record)
    pass.started++
  }
  if (!record.done && !job.counted) job.remaining++
  pass.at++
  return true
}

export const canTake = (state: SendState.State, channel: ChannelState): boolean =>
  channel.alive &&
  channel.used < state.settings.concurrency[channel.channel] &&
  (state.settings.concurrencyTotal === undefined ||
    state.channels.local.used + state.channels.remote.used < state.settings.concurrencyTotal) &&
  !waitsForFiles(state, channel)

/**
 * The original does nothing else while it works on files. Where it may run but one delivery at a time, its log shows
 * that: what a delivery brings about, up to the end of its message, stands before the next delivery. So does ours.
 */
const waitsForFiles = ({ finishing, settings, underway }: SendState.State, { channel, jobs }: ChannelState): boolean =>
  settings.classic &&
  settings.concurrency[channel] === 1 &&
  (finishing.size > 0 ||
    [...underway].some((each) => each.startsWith(channel)) ||
    [...jobs.values()].some(({ inFlight }) => inFlight.size > 0))

/** One long list must not keep everybody else waiting: after a while it goes to the end of the line. */
const givesWay = (turn: Turn, channel: ChannelState, pass: SendState.Pass): boolean => {
  const quantum = turn.state.settings.passQuantum
  if (quantum === 0 || pass.started < quantum) return false
  if (channel.passes.length < passesMax) beginNext(turn, channel)
  if (channel.passes.length === 1) return false
  pass.started = 0
  channel.passes.push(channel.passes.shift()!)
  return true
}

/** True: a pass is open and can be served. */
const beginNext = (turn: Turn, channel: ChannelState): boolean => {
  if (channel.opening !== undefined || !canTake(turn.state, channel)) return false
  const fresh = channel.fresh[0]
  const due = DueQueue.firstDue(channel.due)
  if (fresh !== undefined && (due === undefined || fresh.dueAt <= due)) {
    channel.fresh.shift()
    openPass(turn, channel, fresh, { records: fresh.records, next: { _tag: "End" } })
    return true
  }
  if (due === undefined || due > turn.now) return false
  const { id } = DueQueue.pop(channel.due)!
  const job = channel.jobs.get(id)
  if (job !== undefined && !job.scheduled) {
    SendState.log(turn, LogLines.openedTwice)
    return false
  }
  if (job !== undefined) {
    job.scheduled = false
    job.passOpen = true
    job.refs++
  }
  channel.opening = id
  SendState.ask(turn, { _tag: "OpenPass", id, channel: channel.channel })
  return false
}

const openPass = (
  turn: Turn,
  channel: ChannelState,
  message: {
    readonly id: Id
    readonly birth: EpochSeconds
    readonly sender: ByteString
    readonly alone: boolean
    readonly straight: boolean
  },
  reading: { readonly records: ReadonlyArray<RecipientRecord>; readonly next: SendState.Next }
): void => {
  const { birth, id } = message
  const plan = RetrySchedule.plan({
    channel: channel.channel,
    birth,
    now: turn.now,
    lifetime: turn.state.settings.lifetime,
    classic: turn.state.settings.classic
  })
  let job = channel.jobs.get(id)
  if (job === undefined) {
    job = {
      ...plan,
      id,
      channel: channel.channel,
      sender: message.sender,
      refs: 1,
      passOpen: true,
      remaining: 0,
      counted: false,
      inFlight: new Set(),
      scheduled: false,
      alone: message.alone,
      hasBounce: message.alone ? "no" : "perhaps",
      straight: message.straight
    }
    channel.jobs.set(id, job)
  } else Object.assign(job, plan)
  channel.passes.push({ job, ...reading, at: 0, reading: false, started: 0 })
}

export const passOpened = (turn: Turn, fact: FactOf<"PassOpened">): void => {
  const channel = turn.state.channels[fact.channel]
  channel.opening = undefined
  openPass(turn, channel, { ...fact, alone: false, straight: false }, fact)
}

export const passNotOpened = (turn: Turn, { channel: name, file, id }: FactOf<"PassNotOpened">): void => {
  const channel = turn.state.channels[name]
  channel.opening = undefined
  SendState.log(turn, LogLines.warning("openLater", file))
  const again = EpochSeconds(turn.now + SendState.sysfail)
  const job = channel.jobs.get(id)
  if (job === undefined) return DueQueue.insert(channel.due, id, again)
  job.retryAt = again
  job.passOpen = false
  release(turn, job)
}

export const recipientsRead = (turn: Turn, { channel, id, next, records }: FactOf<"RecipientsRead">): void => {
  const pass = turn.state.channels[channel].passes.find(({ job }) => job.id === id)
  if (pass !== undefined) Object.assign(pass, { records, next, at: 0, reading: false })
}

/** All records that were read are dealt with. */
const continuePass = (turn: Turn, channel: ChannelState, pass: SendState.Pass): boolean => {
  const { id } = pass.job
  const file = () => MessageNumber.channelFile(channel.channel, id, turn.state.settings.split)
  switch (pass.next._tag) {
    case "More":
      if (!pass.reading)
        SendState.ask(turn, { _tag: "ReadRecipients", id, channel: channel.channel, position: pass.next.position })
      pass.reading = true
      return false
    case "End":
      pass.job.counted = true
      break
    case "Trouble":
      SendState.log(turn, LogLines.warning("readLater", file()))
      break
    case "Unknown":
      SendState.log(turn, LogLines.warning("record", file()))
      break
  }
  channel.passes.shift()
  pass.job.passOpen = false
  release(turn, pass.job)
  return true
}

const startDelivery = (turn: Turn, channel: ChannelState, job: Job, record: RecipientRecord): void => {
  const { state } = turn
  const free = channel.slots.indexOf(undefined)
  const slot = free < 0 ? channel.slots.length : free
  const number = ++state.deliveries
  const { position, recipient } = record
  channel.slots[slot] = { job, number, position, recipient, lastAttempt: job.lastAttempt }
  channel.used++
  job.refs++
  job.inFlight.add(position)
  SendState.log(turn, LogLines.starting(number, job.id, channel.channel, recipient))
  SendState.log(turn, statusLine(state))
  turn.commands.push({
    _tag: "StartDelivery",
    channel: channel.channel,
    slot,
    id: job.id,
    sender: verpSender(job.sender, recipient),
    recipient
  })
}

export const statusLine = (state: SendState.State): LogLines.Line => {
  const { concurrency, concurrencyTotal } = state.settings
  const { local, remote } = state.channels
  return LogLines.status(
    { local: { used: local.used, limit: concurrency.local }, remote: { used: remote.used, limit: concurrency.remote } },
    concurrencyTotal === undefined ? undefined : { used: local.used + remote.used, limit: concurrencyTotal },
    SendState.isStopping(state)
  )
}

export const reported = (turn: Turn, fact: FactOf<"Reported">): void => {
  const channel = turn.state.channels[fact.channel]
  const delivery = channel.slots[fact.slot]
  if (delivery === undefined) return SendState.log(turn, LogLines.unknownReport)
  const { job, lastAttempt, number } = delivery
  const given = letterOf(fact.report)
  const isGivenUp = given === "Z" && lastAttempt
  const letter = isGivenUp ? "D" : given
  const text = fact.report.slice(1) + (isGivenUp ? givenUp : "")
  SendState.log(turn, LogLines.reported(number, letter, text))
  channel.slots[fact.slot] = undefined
  channel.used--
  SendState.log(turn, statusLine(turn.state))
  if (job.straight && letter !== "K") return StraightDelivery.settle(turn, { delivery, letter, text })
  follow(turn, delivery, letter, text)
}

/** What a report changes in files, now that the log has it. */
export const follow = (
  turn: Turn,
  delivery: SendState.Delivery,
  letter: Letter | undefined,
  text: ByteString
): void => {
  const { job, position } = delivery
  switch (letter) {
    case "K":
      return recipientDone(turn, job, position)
    case "D":
      return appendBounce(turn, delivery, text)
    case "Z":
    case undefined:
      job.inFlight.delete(position)
      return release(turn, job)
  }
}

const letterOf = (report: ByteString): Letter | undefined =>
  report[0] === "K" || report[0] === "Z" || report[0] === "D" ? report[0] : undefined

/**
 * The last one needs no mark: the whole file goes at once. Whoever is stopped between delivery and removal repeats
 * the delivery, as he would between delivery and mark.
 */
const recipientDone = (turn: Turn, job: Job, position: number): void => {
  job.remaining--
  if (job.counted && job.remaining === 0 && job.refs === 1) return release(turn, job, position)
  SendState.ask(turn, { _tag: "MarkRecipient", id: job.id, channel: job.channel, position })
}

export const recipientMarked = (turn: Turn, { channel, id, ok, position }: FactOf<"RecipientMarked">): void => {
  const job = turn.state.channels[channel].jobs.get(id)
  const file = MessageNumber.channelFile(channel, id, turn.state.settings.split)
  if (!ok) SendState.log(turn, LogLines.warning("mark", file))
  if (job === undefined) return
  job.inFlight.delete(position)
  release(turn, job)
}

/** Failures of a message that come while one is being written are written together after it. */
const appendBounce = (turn: Turn, { job, position, recipient }: SendState.Delivery, report: ByteString): void => {
  const { classic, routes } = turn.state.settings
  job.hasBounce = "perhaps"
  const text = BounceFile.paragraph({
    recipient: RecipientRoute.withoutPrepend(routes.virtualdomains, recipient),
    report,
    classic
  })
  const append = turn.state.appends.get(job.id) ?? { current: [], waiting: [] }
  turn.state.appends.set(job.id, append)
  append.waiting.push({ text, job, position })
  if (append.current.length === 0) writeBounce(turn, job.id, append)
}

const writeBounce = (turn: Turn, id: Id, append: SendState.Append): void => {
  append.current = append.waiting.splice(0)
  const text = append.current.map((waiter) => waiter.text).join("")
  SendState.ask(turn, { _tag: "AppendBounce", id, text, durable: turn.state.settings.syncBounce })
}

/** Only now may the recipients be called done. */
export const bounceAppended = (turn: Turn, id: Id): void => {
  const append = turn.state.appends.get(id)
  if (append === undefined) return
  const written = append.current
  append.current = []
  if (append.waiting.length > 0) writeBounce(turn, id, append)
  else turn.state.appends.delete(id)
  for (const { job, position } of written) recipientDone(turn, job, position)
}

/** `unmarked`: the position of a recipient that is done and not marked so. */
const release = (turn: Turn, job: Job, unmarked?: number): void => {
  const { settings } = turn.state
  const channel = turn.state.channels[job.channel]
  const isFinished = job.counted && job.remaining === 0
  if (--job.refs > 0) {
    // A delivery that hangs delays only its own recipient.
    const hasDeferred = job.counted && job.remaining > job.inFlight.size
    if (settings.classicPass || job.passOpen || job.scheduled || !hasDeferred) return
    job.scheduled = true
    return DueQueue.insert(channel.due, job.id, job.retryAt)
  }
  channel.jobs.delete(job.id)
  if (!isFinished) {
    if (!job.scheduled) DueQueue.insert(channel.due, job.id, job.retryAt)
    return writeDown(turn, job)
  }
  const { alone, hasBounce, id } = job
  if (job.straight) return StraightDelivery.end(turn, id)
  turn.state.underway.add(`${job.channel} ${id}`)
  SendState.ask(turn, { _tag: "RemoveRecipients", id, channel: job.channel, unmarked, alone, hasBounce })
}

/** Who looks at the queue sees when it is tried next, and a crash does not make everything due. (The original: at exit) */
const writeDown = (turn: Turn, { channel, id, retryAt }: Job): void => {
  if (turn.state.settings.classic || turn.state.phase !== "Running") return
  turn.state.underway.add(`${channel} ${id}`)
  SendState.ask(turn, { _tag: "StampDueTime", id, channel, at: retryAt })
}

/** When is the next pass due that could start now? */
export const nextStart = (state: SendState.State, channel: Channel): EpochSeconds | undefined => {
  const { due, opening, passes } = state.channels[channel]
  return opening === undefined && passes.length === 0 && canTake(state, state.channels[channel])
    ? DueQueue.firstDue(due)
    : undefined
}

const givenUp = "I'm not going to try again; this message has been in the queue too long.\n"

/** Long lists that share a channel. */
const passesMax = 16
