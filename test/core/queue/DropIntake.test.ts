import { assert, describe, it } from "@effect/vitest"
import { concat, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as DropFile from "../../../src/core/queue/DropFile.ts"
import * as DropIntake from "../../../src/core/queue/DropIntake.ts"
import type { QueueStatus } from "../../../src/core/queue/QueueStatus.ts"

const id = "0123456789abcdef0123456789abcdef"
const name = { stage: "msg", uid: 33, id } as const
const fileOf = (text: string, records: string, own = id) => {
  const before = [DropFile.head(own), toChunk(text), toChunk(records)]
  const tail = { textBytes: text.length, envelopeBytes: records.length, checksum: DropFile.checksumOf(before) }
  return concat([...before, DropFile.formatTail(tail)])
}
const good = fileOf("hello\n", "Fs@x\0Tr@y\0")

interface World {
  readonly file: Uint8Array
  readonly kind?: string
  readonly uid?: number
  readonly status?: QueueStatus
  /** What it answers to a command, instead of what it should. */
  readonly trouble?: Readonly<Partial<Record<DropIntake.Command["_tag"], string>>>
  /** What the file is when its text is read. */
  readonly later?: Uint8Array
}

/** Runs one file to its end; answers with what happened to queue and file, and what became of it. */
const run = ({
  file,
  kind = "file",
  later = file,
  status = { _tag: "Queued", qp: 1 },
  trouble = {},
  uid = 33
}: World) => {
  const done: Array<string> = []
  let now = file
  const answer = (command: DropIntake.Command): DropIntake.Event | undefined => {
    const errno = trouble[command._tag]
    if (errno !== undefined) return { _tag: "Failed", errno }
    switch (command._tag) {
      case "Open":
        return { _tag: "Opened", kind, uid, bytes: file.length }
      case "Read":
        return { _tag: "Came", bytes: now.slice(command.from, command.from + command.bytes) }
      case "Begin":
        done.push(`begin for ${command.uid}`)
        now = later
        return { _tag: "Begun" }
      case "Put":
        done.push(`put ${fromChunk(command.bytes)}`)
        return { _tag: "Put" }
      case "Finish":
        done.push(`finish ${command.envelope.sender} ${command.envelope.recipients.join()}`)
        return { _tag: "Finished", status }
      case "Withhold":
        done.push("withhold")
        return undefined
      case "Empty":
        done.push("empty")
        return { _tag: "Emptied" }
      case "Remove":
        done.push("remove")
        return { _tag: "Removed" }
    }
  }
  let step = DropIntake.initial(name)
  for (let agenda = step.commands; agenda.length > 0;) {
    const event = answer(agenda[0]!)
    if (event !== undefined) step = DropIntake.decide(step.state, event)
    agenda = [...(event === undefined ? [] : step.commands), ...agenda.slice(1)]
  }
  return { done, outcome: DropIntake.isOver(step.state) ? step.state.outcome : undefined }
}

const removed = { _tag: "Removed", why: "it is no message" } as const
const left = (why: string) => ({ _tag: "Left", why }) as const
const whole = ["begin for 33", "put hello\n", "finish s@x r@y"]
const altered = fileOf("HELLO\n", "Fs@x\0Tr@y\0")

describe("DropIntake", () => {
  for (const [what, world, done, outcome] of [
    [
      "a message is queued, then emptied, then removed",
      { file: good },
      [...whole, "empty", "remove"],
      { _tag: "Taken" }
    ],
    [
      "so is one without text",
      { file: fileOf("", "F\0Tr@y\0") },
      ["begin for 33", "finish  r@y", "empty", "remove"],
      { _tag: "Taken" }
    ],
    [
      "the queue has no room: it stays",
      { file: good, status: { _tag: "Refused", outcome: "temporary", text: "qq disk full" } },
      whole,
      left("qq disk full")
    ],
    [
      "the queue will never have it",
      { file: good, status: { _tag: "Refused", outcome: "permanent", text: "no" } },
      [...whole, "remove"],
      { _tag: "Removed", why: "no" }
    ],
    ["no regular file", { file: good, kind: "fifo" }, ["remove"], removed],
    ["a file of another account", { file: good, uid: 34 }, ["remove"], removed],
    ["an empty file", { file: new Uint8Array(0) }, ["remove"], removed],
    ["half a file", { file: good.subarray(0, good.length - 1) }, ["remove"], removed],
    ["another file under this name", { file: fileOf("x", "F\0Tr@y\0", id.replace("0", "1")) }, ["remove"], removed],
    [
      "no envelope",
      { file: fileOf("hello\n", "Fs@x\0") },
      ["begin for 33", "put hello\n", "withhold", "remove"],
      removed
    ],
    [
      "other bytes than were summed",
      { file: concat([good.subarray(0, 50), toChunk("J"), good.subarray(51)]) },
      ["begin for 33", "put hJllo\n", "withhold", "remove"],
      removed
    ],
    [
      "a file that is changed while it is read",
      { file: good, later: altered },
      ["begin for 33", "put HELLO\n", "withhold", "remove"],
      removed
    ],
    [
      "a file that is cut while it is read",
      { file: good, later: good.subarray(0, 49) },
      ["begin for 33", "withhold", "remove"],
      removed
    ],
    ["a file that is gone", { file: good, trouble: { Open: "ENOENT" } }, [], left("ENOENT")],
    ["a link in its place", { file: good, trouble: { Open: "ELOOP" } }, ["remove"], removed],
    ["a file that cannot be read", { file: good, trouble: { Read: "EIO" } }, [], left("EIO")],
    [
      "one that cannot be emptied",
      { file: good, trouble: { Empty: "EACCES" } },
      [...whole, "remove"],
      { _tag: "Taken" }
    ],
    ["one that cannot be removed", { file: good, trouble: { Remove: "EIO" } }, [...whole, "empty"], left("EIO")],
    [
      "one that its account removed meanwhile",
      { file: good, trouble: { Remove: "ENOENT" } },
      [...whole, "empty"],
      { _tag: "Taken" }
    ]
  ] as ReadonlyArray<readonly [string, World, ReadonlyArray<string>, DropIntake.Outcome]>)
    it(what, () => assert.deepStrictEqual(run(world), { done: [...done], outcome }))
})
