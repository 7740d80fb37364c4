/**
 * What must have happened before the queue forgets a message?
 *
 * Nobody is left on either channel; its failures have gone back in a bounce that is itself safely queued; only then
 * info goes, and the text last. Whatever fails on the way is tried again from the beginning.
 *
 * From: qmail-send.c, messdone() and injectbounce().
 */
import * as BounceRoute from "../bounce/BounceRoute.ts"
import * as MessageNumber from "../queue/MessageNumber.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import { EpochSeconds } from "../Time.ts"
import * as LogLines from "./LogLines.ts"
import * as SendState from "./SendState.ts"

type Id = MessageNumber.MessageNumber
type Turn = SendState.Turn
type FactOf<Tag extends SendState.Fact["_tag"]> = Extract<SendState.Fact, { readonly _tag: Tag }>

/** A channel has nobody left. */
export const recipientsRemoved = (turn: Turn, fact: FactOf<"RecipientsRemoved">): void => {
  const { channel, hasBounce, id, ok, other } = fact
  const { settings, channels } = turn.state
  turn.state.underway.delete(`${channel} ${id}`)
  const file = (of: typeof channel) => MessageNumber.channelFile(of, id, settings.split)
  if (!ok) {
    SendState.log(turn, LogLines.warning("unlinkLater", file(channel)))
    return DueQueue.insert(channels[channel].due, id, EpochSeconds(turn.now + SendState.sysfail))
  }
  if (other === "present") return
  if (other === "unknown") SendState.log(turn, LogLines.warning("stat", file(channel === "local" ? "remote" : "local")))
  if (other === "absent" && hasBounce === "no" && !turn.state.finishing.has(id)) {
    turn.state.finishing.add(id)
    return endMessage(turn, id)
  }
  DueQueue.insert(turn.state.done, id, turn.now)
}

export const finishDue = (turn: Turn): void => {
  const { done, finishing, settings } = turn.state
  while (finishing.size < finishingMax(settings)) {
    const due = DueQueue.firstDue(done)
    if (due === undefined || due > turn.now) return
    const { id } = DueQueue.pop(done)!
    // Its number was given to another message before we heard that the first one is gone.
    if (finishing.has(id)) return DueQueue.insert(done, id, EpochSeconds(turn.now + 1))
    finishing.add(id)
    SendState.ask(turn, { _tag: "InspectMessage", id })
  }
}

export const nextFinish = ({ done, finishing, settings }: SendState.State): EpochSeconds | undefined =>
  finishing.size < finishingMax(settings) ? DueQueue.firstDue(done) : undefined

export const messageInspected = (turn: Turn, { id, verdict }: FactOf<"MessageInspected">): void => {
  switch (verdict._tag) {
    case "NotOurs":
      turn.state.finishing.delete(id)
      return
    case "Unreadable":
      if (verdict.file !== undefined) SendState.log(turn, LogLines.warning("statLater", verdict.file))
      return finishLater(turn, id)
    case "Finished":
      return verdict.hasBounce ? bounceMessage(turn, id, verdict.sender) : endMessage(turn, id)
  }
}

const bounceMessage = (turn: Turn, id: Id, sender: string): void => {
  const { bounce, classic } = turn.state.settings
  const route = BounceRoute.route(sender, bounce.doubleTo)
  if (route._tag === "Discard") {
    SendState.log(turn, LogLines.tripleBounce(id))
    return SendState.ask(turn, { _tag: "RemoveBounce", id })
  }
  turn.state.bouncesWaiting.push({ _tag: "InjectBounce", id, route, from: bounce.from, host: bounce.host, classic })
  injectWaiting(turn)
}

/** Not too many at once: a bounce is a whole message. */
const injectWaiting = (turn: Turn): void => {
  const { bouncesWaiting, settings } = turn.state
  while (turn.state.bouncing < Math.max(1, settings.concurrencyBounce) && bouncesWaiting.length > 0) {
    turn.state.bouncing++
    SendState.ask(turn, bouncesWaiting.shift()!)
  }
}

export const bounceInjected = (turn: Turn, { id, qp }: FactOf<"BounceInjected">): void => {
  turn.state.bouncing--
  injectWaiting(turn)
  if (qp === undefined) {
    SendState.log(turn, LogLines.bounceNotInjected)
    return finishLater(turn, id)
  }
  SendState.log(turn, LogLines.bounced(id, qp))
  SendState.ask(turn, { _tag: "RemoveBounce", id })
}

export const bounceRemoved = (turn: Turn, { id, ok }: FactOf<"BounceRemoved">): void => {
  if (ok) return endMessage(turn, id)
  SendState.log(turn, LogLines.warning("unlink", MessageNumber.bounce(id)))
  finishLater(turn, id)
}

const endMessage = (turn: Turn, id: Id): void => {
  SendState.log(turn, LogLines.endMessage(id))
  SendState.ask(turn, { _tag: "EndMessage", id })
}

export const messageEnded = (turn: Turn, { id, result }: FactOf<"MessageEnded">): void => {
  switch (result) {
    case "infoStays":
      SendState.log(turn, LogLines.warning("unlinkLater", MessageNumber.info(id, turn.state.settings.split)))
      return finishLater(turn, id)
    case "messStays":
      SendState.log(turn, LogLines.warning("clean", `foop/${id}`))
      break
    case "removed":
      break
  }
  turn.state.finishing.delete(id)
  if (turn.state.sweep.working > 0) turn.state.sweep.ended.add(id)
}

const finishLater = (turn: Turn, id: Id): void => {
  turn.state.finishing.delete(id)
  DueQueue.insert(turn.state.done, id, EpochSeconds(turn.now + SendState.sysfail))
}

/** The original finishes one message at a time. */
const finishingMax = ({ classic }: SendState.Settings): number => (classic ? 1 : 16)
