/**
 * What becomes of planned times when the clock is set back?
 *
 * A time that was planned by a clock that ran ahead would be waited for until the right clock gets there: for a month,
 * if it was a month ahead. In our homes every wait keeps its length instead, and a time that is found on disk is not
 * waited for longer than the schedule ever waits. In a qmail home the times stay, as in qmail-send.
 */
import { heldUntil } from "../queue/QueuedMessage.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import * as RetrySchedule from "../retry/RetrySchedule.ts"
import { type Channel, channels } from "../route/Channel.ts"
import { EpochSeconds, type Seconds } from "../Time.ts"
import type { State, Turn } from "./SendState.ts"

/** At the beginning of each turn. */
export const notice = ({ now, state }: Turn): void => {
  const back = state.seenAt - now
  state.seenAt = now
  if (back > 0 && !state.settings.classic) bringForward(state, back)
}

const bringForward = (state: State, seconds: Seconds): void => {
  const sooner = (time: EpochSeconds): EpochSeconds => EpochSeconds(time - seconds)
  for (const channel of channels) {
    const { due, fresh, jobs } = state.channels[channel]
    DueQueue.bringForward(due, seconds, heldUntil)
    fresh.forEach((message, i) => (fresh[i] = { ...message, dueAt: sooner(message.dueAt) }))
    for (const job of jobs.values()) job.retryAt = sooner(job.retryAt)
  }
  DueQueue.bringForward(state.done, seconds)
  DueQueue.bringForward(state.fail, seconds)
  state.todo.listAt = sooner(state.todo.listAt)
  state.sweep.at = sooner(state.sweep.at)
  state.reloadAt = sooner(state.reloadAt)
  state.later = state.later.map(({ at, command }) => ({ at: sooner(at), command }))
  if (state.stopBy !== undefined) state.stopBy = sooner(state.stopBy)
}

/** When is a message tried whose file has this time? What the administrator holds is held. */
export const dueAt = ({ now, state }: Turn, channel: Channel, stamped: EpochSeconds): EpochSeconds => {
  const { classic, lifetime } = state.settings
  return classic || stamped >= heldUntil ? stamped : RetrySchedule.within({ channel, lifetime, now }, stamped)
}
