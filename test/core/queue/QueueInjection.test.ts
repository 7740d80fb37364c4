import { assert, describe, it } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as QueueInjection from "../../../src/core/queue/QueueInjection.ts"

type Event = QueueInjection.Event

const birth = (classic: boolean): QueueInjection.Birth => ({
  qp: 7,
  time: 1000,
  uid: 42,
  received: "Received: (qmail 7 invoked by uid 42); then\n",
  classic
})

const show = (command: QueueInjection.Command): string => {
  switch (command._tag) {
    case "CreateName":
    case "RemoveName":
    case "ForgetName":
      return `${command._tag} ${command.name}`
    case "LinkMessage":
      return `LinkMessage ${command.name} ${command.id}`
    case "WriteMessage":
    case "WriteEnvelope":
      return `${command._tag} ${JSON.stringify(fromChunk(command.bytes))}`
    case "ForgetMessage":
      return command.withEnvelope ? "ForgetMessage with envelope" : "ForgetMessage"
    default:
      return command._tag
  }
}

const run = (events: ReadonlyArray<Event>, classic = true) => {
  let { commands, state } = QueueInjection.initial(birth(classic))
  const done = commands.map(show)
  for (const event of events) {
    ;({ commands, state } = QueueInjection.decide(state, event))
    done.push(...commands.map(show))
  }
  return { state, done }
}

const failed = (errno: string): Event => ({ _tag: "Failed", errno })
const fact = (
  tag: "MessageLinked" | "NameRemoved" | "MessageWritten" | "EnvelopeCreated" | "EnvelopeWritten"
): Event => ({
  _tag: tag
})
const named: Event = { _tag: "NameCreated", id: "5" }
const text: Event = { _tag: "TextCame", bytes: toChunk("hello\n") }
const textEnded: Event = { _tag: "TextEnded" }
const envelope = (records: string): Event => ({ _tag: "EnvelopeCame", bytes: toChunk(records) })

const toText = [named, fact("MessageLinked"), fact("NameRemoved")]
const toEnvelope = [...toText, text, fact("MessageWritten"), textEnded]
const inEnvelope = [...toEnvelope, fact("EnvelopeCreated")]
const toSync = [...inEnvelope, envelope("Fs\0Tr\0\0"), fact("EnvelopeWritten")]
const toTodo: ReadonlyArray<Event> = [...toSync, { _tag: "Synced" }]
const toTodoSync: ReadonlyArray<Event> = [...toTodo, { _tag: "TodoLinked" }]

describe("QueueInjection", () => {
  it("goes from S1 to S4 in this order", () => {
    const { done, state } = run([...toTodoSync, { _tag: "TodoSynced" }])
    assert.deepStrictEqual(state, { _tag: "Queued", id: "5" })
    assert.deepStrictEqual(done, [
      "CreateName 7.1000.1",
      "LinkMessage 7.1000.1 5",
      "RemoveName 7.1000.1",
      'WriteMessage "Received: (qmail 7 invoked by uid 42); then\\nhello\\n"',
      "CreateEnvelope",
      'WriteEnvelope "u42\\u0000p7\\u0000Fs\\u0000Tr\\u0000"',
      "Sync",
      "LinkTodo",
      "SyncTodo",
      "PullTrigger"
    ])
  })

  it("writes its field for a message without a byte too", () =>
    assert.deepStrictEqual(run([...toText, textEnded, fact("MessageWritten")]).done.slice(3), [
      'WriteMessage "Received: (qmail 7 invoked by uid 42); then\\n"',
      "CreateEnvelope"
    ]))

  it("writes pieces as they come, its field with the first", () =>
    assert.deepStrictEqual(run([...toText, text, fact("MessageWritten"), text]).done.slice(3), [
      'WriteMessage "Received: (qmail 7 invoked by uid 42); then\\nhello\\n"',
      'WriteMessage "hello\\n"'
    ]))

  it("tries nine names", () => {
    const { done, state } = run(Array.from({ length: 9 }, () => failed("EEXIST")))
    assert.deepStrictEqual(
      done,
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `CreateName 7.1000.${i}`)
    )
    assert.strictEqual(state._tag === "Abandoned" && state.exitCode, 63)
  })

  it("removes an envelope that another message of this number has left, once", () => {
    const { done, state } = run([...toEnvelope, failed("EEXIST"), failed("EEXIST")])
    assert.deepStrictEqual(done.slice(4), ["CreateEnvelope", "ForgetEnvelope", "CreateEnvelope"])
    assert.strictEqual(state._tag === "Abandoned" && state.exitCode, 65)
  })

  for (const [where, events, event, exitCode, classic, own] of [
    ["link to mess refused", [named], failed("EEXIST"), 64, [], ["ForgetName 7.1000.1"]],
    ["the name stays", [named, fact("MessageLinked")], failed("EIO"), 63, [], ["ForgetMessage"]],
    ["text not written", [...toText, text], failed("EIO"), 53, ["ForgetMessage"], ["ForgetMessage"]],
    ["caller gone in the text", toText, { _tag: "CallerLeft" }, 54, ["ForgetMessage"], ["ForgetMessage"]],
    ["no envelope file", toEnvelope, failed("EACCES"), 65, [], ["ForgetMessage"]],
    [
      "envelope not written",
      [...inEnvelope, envelope("Fs")],
      failed("EIO"),
      53,
      ["ForgetMessage with envelope"],
      ["ForgetMessage with envelope"]
    ],
    [
      "envelope cut short",
      [...inEnvelope, envelope("Fs\0"), fact("EnvelopeWritten")],
      { _tag: "CallerLeft" },
      54,
      ["ForgetMessage with envelope"],
      ["ForgetMessage with envelope"]
    ],
    ["no envelope at all", inEnvelope, envelope("Q"), 91, [], ["ForgetMessage with envelope"]],
    ["address too long", inEnvelope, envelope(`F${"x".repeat(1003)}`), 11, [], ["ForgetMessage with envelope"]],
    ["not synced", toSync, failed("EIO"), 53, ["ForgetMessage with envelope"], ["ForgetMessage with envelope"]],
    ["link to todo refused", toTodo, failed("EEXIST"), 66, [], ["ForgetMessage with envelope"]],
    ["link to todo unclear", toTodo, failed("EIO"), 66, [], []],
    ["todo not synced", toTodoSync, failed("EIO"), 66, [], []]
  ] as ReadonlyArray<
    readonly [string, ReadonlyArray<Event>, Event, number, ReadonlyArray<string>, ReadonlyArray<string>]
  >)
    it(`${where}: exit ${exitCode}, and cleans up as it should [W51]`, () => {
      for (const [isClassic, undone] of [
        [true, classic],
        [false, own]
      ] as const) {
        const before = run(events, isClassic)
        const after = QueueInjection.decide(before.state, event)
        assert.deepStrictEqual(after.state, { _tag: "Abandoned", exitCode, custom: "" })
        assert.deepStrictEqual(after.commands.map(show), undone)
        assert.isTrue(QueueInjection.isOver(after.state))
      }
    })

  for (const errno of ["ENOSPC", "EDQUOT"])
    it(`says that the disk is full, in our homes [W45]: ${errno}`, () => {
      for (const events of [[], [named], [...toText, text], toEnvelope, toSync, toTodo]) {
        const { state } = run([...events, failed(errno)], false)
        assert.deepStrictEqual(state, { _tag: "Abandoned", exitCode: 53, custom: "Zqq disk full (#4.3.1)" })
      }
      assert.deepStrictEqual(run([...toText, text, failed(errno)]).state, {
        _tag: "Abandoned",
        exitCode: 53,
        custom: ""
      })
    })

  it("does not queue a message to nobody, but in a qmail home [W50]", () => {
    const own = run([...inEnvelope, envelope("Fs\0\0")], false)
    assert.deepStrictEqual(own.state, { _tag: "Abandoned", exitCode: 0, custom: "" })
    assert.strictEqual(own.done.at(-1), "ForgetMessage with envelope")
    assert.strictEqual(run([...inEnvelope, envelope("Fs\0\0")]).state._tag, "WritingEnvelope")
  })

  it("takes an event that cannot be for a bug", () => {
    assert.throws(() => run([{ _tag: "TodoLinked" }]), /impossible/)
    assert.throws(() => run([...toTodoSync, { _tag: "TodoSynced" }, text]), /impossible/)
  })
})
