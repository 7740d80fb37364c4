/**
 * When are messages looked for that were never finished, and which of them may be removed?
 *
 * A message that ends while its directory is looked through seems abandoned too, and its number may by then belong to
 * another: those are left alone.
 *
 * From: qmail-send.c, cleanup_do().
 */
import type { MessageNumber } from "../queue/MessageNumber.ts"
import { EpochSeconds, type Seconds } from "../Time.ts"
import * as LogLines from "./LogLines.ts"
import * as SendState from "./SendState.ts"

type Turn = SendState.Turn

export const sweepDue = (turn: Turn): void => {
  const { sweep } = turn.state
  if (sweep.working > 0 || turn.now < sweep.at) return
  sweep.working++
  SendState.ask(turn, { _tag: "SweepMess", subdirectory: sweep.next })
}

export const messSwept = (turn: Turn, abandoned: ReadonlyArray<MessageNumber>): void => {
  const { finishing, steering, sweep, todo } = turn.state
  for (const id of abandoned) {
    if (sweep.ended.has(id) || finishing.has(id) || todo.known.has(id) || steering.edited.has(id)) continue
    sweep.working++
    SendState.ask(turn, { _tag: "RemoveAbandoned", id })
  }
  goOn(turn)
}

export const abandonedRemoved = (turn: Turn, id: MessageNumber, ok: boolean): void => {
  if (!ok) SendState.log(turn, LogLines.warning("clean", `foop/${id}`))
  goOn(turn)
}

const goOn = (turn: Turn): void => {
  const { settings, sweep } = turn.state
  if (--sweep.working > 0) return
  sweep.ended.clear()
  sweep.next = (sweep.next + 1) % settings.split
  if (sweep.next === 0) sweep.at = EpochSeconds(turn.now + sweepEvery)
}

export const nextSweep = ({ sweep }: SendState.State): EpochSeconds | undefined =>
  sweep.working > 0 ? undefined : sweep.at

/** SLEEP_CLEANUP */
const sweepEvery: Seconds = 76431
