import { assert, describe, it } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as DropFile from "../../../src/core/queue/DropFile.ts"
import * as DropSubmission from "../../../src/core/queue/DropSubmission.ts"

const id = "0123456789abcdef0123456789abcdef"
const birth: DropSubmission.Birth = { uid: 33, id, limits: { messages: 3, bytes: 1000 } }

/** Feeds the events and answers with all commands, each in a few words, and the last state. */
const run = (events: ReadonlyArray<DropSubmission.Event>, limits = birth.limits) => {
  let step = DropSubmission.initial({ ...birth, limits })
  const said: Array<string> = []
  const say = () => {
    for (const command of step.commands) {
      const { _tag, ...rest } = command
      const detail = "bytes" in rest ? rest.bytes : Object.values(rest).join(" ")
      said.push(`${_tag} ${(typeof detail === "string" ? detail : fromChunk(detail)).replaceAll(id, "ID")}`.trim())
    }
  }
  say()
  for (const event of events) {
    step = DropSubmission.decide(step.state, event)
    say()
  }
  return { said, state: step.state }
}

const written: DropSubmission.Event = { _tag: "Written" }
const text: DropSubmission.Event = { _tag: "TextCame", bytes: toChunk("hello\n") }
const ended: DropSubmission.Event = { _tag: "TextEnded" }
const envelope: DropSubmission.Event = { _tag: "EnvelopeCame", bytes: toChunk("Fs@x\0Tr@y\0\0") }
const counted = (messages: number, bytes: number): DropSubmission.Event => ({ _tag: "Counted", messages, bytes })
const failed = (errno: string): DropSubmission.Event => ({ _tag: "Failed", errno })
const synced: ReadonlyArray<DropSubmission.Event> = [
  { _tag: "Created" },
  text,
  written,
  ended,
  envelope,
  written,
  { _tag: "Synced" }
]
const abandoned = (exitCode: number, custom = "") => ({ _tag: "Abandoned", exitCode, custom }) as const

describe("DropSubmission", () => {
  it("is synced, counted, named and synced again before anybody is told yes", () => {
    const { said, state } = run([...synced, counted(1, 200), { _tag: "Named" }, { _tag: "NameSynced" }])
    const before = [DropFile.head(id), toChunk("hello\n"), toChunk("Fs@x\0Tr@y\0")]
    const tail = { textBytes: 6, envelopeBytes: 10, checksum: DropFile.checksumOf(before) }
    assert.deepStrictEqual(said, [
      "Create new.33.ID",
      "Write thresher drop 1 ID\nhello",
      `Write Fs@x\0Tr@y\0${fromChunk(DropFile.formatTail(tail))}`.trim(),
      "Sync",
      "Count",
      "Rename new.33.ID msg.33.ID",
      "SyncDirectory",
      "PullTrigger"
    ])
    assert.deepStrictEqual(state, { _tag: "Queued" })
  })

  for (const [what, events, exit, forgotten] of [
    [
      "the caller leaves in the text",
      [{ _tag: "Created" }, text, written, { _tag: "CallerLeft" }],
      abandoned(54),
      true
    ],
    ["the caller leaves in the envelope", [{ _tag: "Created" }, ended, { _tag: "CallerLeft" }], abandoned(54), true],
    [
      "a message to nobody",
      [{ _tag: "Created" }, ended, { _tag: "EnvelopeCame", bytes: toChunk("Fs@x\0\0") }],
      abandoned(0),
      true
    ],
    ["no envelope", [{ _tag: "Created" }, ended, { _tag: "EnvelopeCame", bytes: toChunk("Q") }], abandoned(91), true],
    ["no file can be made", [failed("EACCES")], abandoned(63), false],
    ["the disk is full", [{ _tag: "Created" }, text, failed("ENOSPC")], abandoned(53, "Zqq disk full (#4.3.1)"), true],
    [
      "the quota is used up",
      [{ _tag: "Created" }, text, failed("EDQUOT")],
      abandoned(53, "Zqq disk full (#4.3.1)"),
      true
    ],
    ["fsync fails", [...synced.slice(0, -1), failed("EIO")], abandoned(53), true],
    [
      "as many messages wait as may",
      [...synced, counted(4, 10)],
      abandoned(53, "Zqq more mail of this account waits than may (#4.3.1)"),
      true
    ],
    [
      "as many bytes wait as may",
      [...synced, counted(1, 1001)],
      abandoned(53, "Zqq more mail of this account waits than may (#4.3.1)"),
      true
    ],
    ["the directory cannot be listed", [...synced, failed("EACCES")], abandoned(62), true],
    ["the rename fails", [...synced, counted(1, 9), failed("EIO")], abandoned(66), true],
    [
      "the directory cannot be synced",
      [...synced, counted(1, 9), { _tag: "Named" }, failed("EIO")],
      abandoned(66),
      false
    ],
    [
      "one message is larger than all may be",
      [{ _tag: "Created" }, { _tag: "TextCame", bytes: new Uint8Array(1001) }],
      abandoned(31, "Dqq message too large to wait for the server (#5.3.4)"),
      true
    ]
  ] as ReadonlyArray<readonly [string, ReadonlyArray<DropSubmission.Event>, DropSubmission.State, boolean]>)
    it(`${what}: exit ${(exit as { exitCode: number }).exitCode}${forgotten ? ", and nothing is left" : ""}`, () => {
      const { said, state } = run(events)
      assert.deepStrictEqual(state, exit)
      assert.strictEqual(said.at(-1) === "Forget new.33.ID", forgotten)
    })
  it("0 is no limit", () => {
    const { state } = run([...synced, counted(9999, 1e12)], { messages: 0, bytes: 0 })
    assert.strictEqual(state._tag, "Naming")
  })

  for (const [who, facts, waits] of [
    ["another account", { owners: "one", ownerUid: 1000, effectiveUid: 33 }, true],
    ["the owner", { owners: "one", ownerUid: 1000, effectiveUid: 1000 }, false],
    ["root", { owners: "one", ownerUid: 1000, effectiveUid: 0 }, false],
    ["another account, in a home of root", { owners: "one", ownerUid: 0, effectiveUid: 33 }, true],
    ["anybody in a home of qmail's users", { owners: "many", ownerUid: 0, effectiveUid: 33 }, false]
  ] as const)
    it(`mail of ${who} ${waits ? "waits in drop" : "goes straight into the queue"}`, () =>
      assert.strictEqual(DropSubmission.mustWait(facts), waits))

  const place = { kind: "directory", uid: 1000, mode: 0o3777 }
  for (const [what, change, fine] of [
    ["the owner's, sticky and set-gid", {}, true],
    ["a link", { kind: "symlink" }, false],
    ["of somebody else", { uid: 33 }, false],
    ["not sticky", { mode: 0o2777 }, false],
    ["not set-gid", { mode: 0o1777 }, false]
  ] as const)
    it(`a directory that is ${what} is ${fine ? "used" : "not used"}`, () =>
      assert.strictEqual(DropSubmission.isUsable({ ...place, ...change }, 1000), fine))
})
