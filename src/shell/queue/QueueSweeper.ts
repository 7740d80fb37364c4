/** Removes what is dead before a server starts, when nobody else works on the queue. */
import * as Effect from "effect/Effect"
import { bounce, channelFile, info, intd, type MessageNumber, todo } from "../../core/queue/MessageNumber.ts"
import * as QueueSweep from "../../core/queue/QueueSweep.ts"
import { Files } from "../platform/Files.ts"
import { QueueStore } from "./QueueStore.ts"

/** Answers with what was removed. The removals are durable before it returns. Needs lock/sendmutex. */
export const sweepAtStart = Effect.gen(function* () {
  const files = yield* Files
  const store = yield* QueueStore
  const listed = (directory: keyof QueueSweep.Listing) => Effect.map(store.list(directory), (ids) => new Set(ids))
  const dead = QueueSweep.deadAtStart({
    mess: yield* listed("mess"),
    intd: yield* listed("intd"),
    todo: yield* listed("todo"),
    info: yield* listed("info"),
    local: yield* listed("local"),
    remote: yield* listed("remote"),
    bounce: yield* listed("bounce")
  })
  const directories = new Set<string>()
  for (const { directory, id } of dead) {
    const file = store.path(fileOf[directory](id, store.split))
    yield* files.unlink(file)
    directories.add(file.slice(0, file.lastIndexOf("/")))
  }
  for (const directory of directories) yield* files.syncDirectory(directory)
  return dead
})

const fileOf: Readonly<Record<QueueSweep.DeadFile["directory"], (id: MessageNumber, split: number) => string>> = {
  intd,
  todo,
  bounce,
  info,
  local: (id, split) => channelFile("local", id, split),
  remote: (id, split) => channelFile("remote", id, split)
}
