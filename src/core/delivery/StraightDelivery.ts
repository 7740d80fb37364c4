/**
 * Must a message to one recipient be written out for the sake of its first delivery?
 *
 * Most mail is delivered at the first attempt. In our homes a message to one recipient is tried straight from todo/N:
 * it stays in S4, and when its recipient has it, todo/N, intd/N and mess/N go. Only if the attempt fails the message
 * is settled: preprocessed as any other, into info/N and local/N or remote/N, before the failure changes anything.
 * Whoever is stopped in between repeats that one delivery, as he would between a delivery and its mark.
 *
 * Messages to several recipients are never treated so: a crash would repeat them all.
 */
import * as MessageNumber from "../queue/MessageNumber.ts"
import * as LogLines from "./LogLines.ts"
import * as SendState from "./SendState.ts"

type Id = MessageNumber.MessageNumber
type Turn = SendState.Turn

/** The first attempt failed. The report waits until the files are there that it changes. */
export const settle = (turn: Turn, held: NonNullable<SendState.Straight["held"]>): void => {
  const { id } = held.delivery.job
  const message = turn.state.straight.get(id)!
  message.held = held
  const { birth, routes } = message
  SendState.ask(turn, { _tag: "PreprocessTodo", id, routes, straight: false, birth })
}

export const isSettling = ({ straight }: SendState.State, id: Id): boolean => straight.get(id)?.held !== undefined

/** The report that may now take its course; undefined: the disk would not have it, and it is tried again. */
export const takeHeld = (turn: Turn, result: SendState.Preprocessed): SendState.Straight["held"] => {
  const { birth, held, routes } = turn.state.straight.get(result.id)!
  if (result.trouble === undefined) {
    turn.state.straight.delete(result.id)
    held!.delivery.job.straight = false
    return held
  }
  SendState.log(turn, LogLines.warning(result.trouble.kind, result.trouble.file))
  SendState.askLater(turn, { _tag: "PreprocessTodo", id: result.id, routes, straight: false, birth }, SendState.sysfail)
  return undefined
}

/** The recipient has it. */
export const end = (turn: Turn, id: Id): void => {
  SendState.log(turn, LogLines.endMessage(id))
  SendState.ask(turn, { _tag: "EndStraight", id })
}

export const ended = (turn: Turn, id: Id, result: "removed" | "todoStays" | "messStays"): void => {
  if (result === "todoStays") {
    SendState.log(turn, LogLines.warning("unlinkLater", MessageNumber.todo(id)))
    return SendState.askLater(turn, { _tag: "EndStraight", id }, SendState.sysfail)
  }
  if (result === "messStays") SendState.log(turn, LogLines.warning("clean", `foop/${id}`))
  turn.state.straight.delete(id)
  if (turn.state.sweep.working > 0) turn.state.sweep.ended.add(id)
}
