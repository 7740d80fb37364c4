/**
 * What two threads say to each other. Whatever is said in one turn goes over together: each crossing wakes the other
 * side, and waking costs more than saying.
 */
import type { MessagePort, Worker } from "node:worker_threads"

export interface Port<In, Out> {
  readonly send: (message: Out) => void
  readonly listen: (take: (message: In) => void) => void
}

/** The two ends are a `Worker` and, within it, its `parentPort`. */
export const over = <In, Out>(end: Worker | MessagePort): Port<In, Out> => ({
  send: gathering((messages: ReadonlyArray<Out>) => end.postMessage(messages)),
  listen: (take) => void end.on("message", (messages: ReadonlyArray<In>) => messages.forEach(take))
})

/** Two ends in one thread, for tests; what is said is copied, as between threads. */
export const pair = <A, B>(): readonly [Port<A, B>, Port<B, A>] => {
  let takeA: (message: A) => void = () => {}
  let takeB: (message: B) => void = () => {}
  return [
    {
      send: gathering((messages: ReadonlyArray<B>) => structuredClone(messages).forEach((one) => takeB(one))),
      listen: (take) => void (takeA = take)
    },
    {
      send: gathering((messages: ReadonlyArray<A>) => structuredClone(messages).forEach((one) => takeA(one))),
      listen: (take) => void (takeB = take)
    }
  ]
}

const gathering = <A>(post: (messages: ReadonlyArray<A>) => void): ((message: A) => void) => {
  let gathered: Array<A> = []
  const flush = (): void => {
    const messages = gathered
    gathered = []
    post(messages)
  }
  return (message) => {
    if (gathered.push(message) === 1) setImmediate(flush)
  }
}
