import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { heldUntil, type QueuedMessage } from "../../../src/core/queue/QueuedMessage.ts"
import * as QueueEdit from "../../../src/core/admin/QueueEdit.ts"
import * as QueueQuery from "../../../src/core/admin/QueueQuery.ts"
import * as QueueRequest from "../../../src/core/admin/QueueRequest.ts"

const message: QueuedMessage = {
  id: "53",
  state: "S5",
  bytes: 226,
  birth: 1000,
  written: 999.25,
  sender: "Joe@Example.org",
  recipients: [
    { channel: "local", position: 0, address: "done@here", isDone: true },
    { channel: "local", position: 11, address: "ann@here", isDone: false },
    { channel: "remote", position: 0, address: "bob@mail.example.com", isDone: false },
    { channel: "remote", position: 21, address: "eve@example.com", isDone: false }
  ],
  due: { local: 1100, remote: 1400 },
  isBouncing: false
}
const fresh: QueuedMessage = {
  ...message,
  state: "S4",
  due: {},
  recipients: message.recipients.map((recipient) => ({ ...recipient, channel: undefined, isDone: false }))
}

describe("QueueQuery.select at the age of 500 seconds", () => {
  for (const [title, query, found] of [
    ["everything", {}, "all"],
    ["its number", { ids: new Set(["53"]) }, "all"],
    ["another number", { ids: new Set(["5"]) }, "none"],
    ["its sender, in any case", { sender: "joe@example.ORG" }, "all"],
    ["part of its sender", { sender: "joe" }, "none"],
    ["a pattern of its sender", { sender: "*@example.*" }, "all"],
    ["a pattern that would have to use bytes twice", { sender: "joe@e*e@example.org" }, "none"],
    ["the empty sender", { sender: "" }, "none"],
    ["a recipient", { recipient: "bob@*" }, "bob@mail.example.com"],
    ["a recipient who is done", { recipient: "done@here" }, "none"],
    ["a host", { host: "EXAMPLE.com" }, "eve@example.com"],
    ["all below a host", { host: ".example.com" }, "bob@mail.example.com"],
    ["host and recipient", { host: "example.com", recipient: "bob*" }, "none"],
    ["old enough", { olderThan: 500 }, "all"],
    ["too young", { olderThan: 501 }, "none"],
    ["young enough", { youngerThan: 500 }, "all"],
    ["too old", { youngerThan: 499 }, "none"],
    ["what is held", { held: true }, "none"],
    ["what is not held", { held: false }, "all"]
  ] as ReadonlyArray<readonly [string, QueueQuery.Query, string]>)
    it(`${title}: ${found}`, () => {
      const selection = QueueQuery.select(query, message, 1500)
      const shown =
        selection === undefined
          ? "none"
          : selection.isPartial
            ? selection.recipients.map(({ address }) => address).join(" ")
            : "all"
      assert.strictEqual(shown, found)
    })
})

describe("QueueEdit.plan", () => {
  const show = (edit: QueueEdit.Edit): string => {
    switch (edit._tag) {
      case "SetDue":
        return `due ${edit.channel} ${edit.time}`
      case "AppendBounce":
        return `bounce ${edit.recipients.map(({ address }) => address).join(" ")}`
      case "MarkDone":
        return `done ${edit.channel} ${edit.position}`
      case "Remove":
        return `remove ${edit.files.join(" ")}`
      case "Clean":
        return edit.what
    }
  }
  const held: QueuedMessage = { ...message, due: { local: 1100, remote: heldUntil } }
  const bob = [{ channel: "remote", position: 0 } as const]
  const both = [...bob, { channel: "remote", position: 21 } as const]
  for (const [title, verb, places, about, edits] of [
    ["retry", "retry", undefined, message, ["due local 2000", "due remote 2000"]],
    ["retry leaves what is held", "retry", undefined, held, ["due local 2000"]],
    ["hold", "hold", undefined, message, [`due local ${heldUntil}`, `due remote ${heldUntil}`]],
    ["release", "release", undefined, held, ["due remote 2000"]],
    ["release what is not held", "release", undefined, message, []],
    [
      "bounce all that are not done",
      "bounce",
      undefined,
      message,
      [
        "bounce ann@here bob@mail.example.com eve@example.com",
        "done local 11",
        "done remote 0",
        "done remote 21",
        "due local 2000",
        "due remote 2000"
      ]
    ],
    ["bounce one", "bounce", bob, message, ["bounce bob@mail.example.com", "done remote 0", "due remote 2000"]],
    ["bounce one of a channel that is held", "bounce", bob, held, ["bounce bob@mail.example.com", "done remote 0"]],
    [
      "delete all of a channel that is held",
      "delete",
      both,
      held,
      ["done remote 0", "done remote 21", "due remote 2000"]
    ],
    ["delete one", "delete", bob, message, ["done remote 0", "due remote 2000"]],
    ["a place that holds nobody", "delete", [{ channel: "remote", position: 5 }], message, undefined],
    [
      "delete the message",
      "delete",
      undefined,
      message,
      ["remove local remote bounce", "remove info", "RemoveMessage"]
    ],
    [
      "delete a message of todo",
      "delete",
      undefined,
      fresh,
      ["remove local remote bounce info", "RemoveTodo", "RemoveMessage"]
    ],
    ["hold a message of todo", "hold", undefined, fresh, undefined]
  ] as ReadonlyArray<
    readonly [string, QueueRequest.Verb, ReadonlyArray<QueueRequest.Place> | undefined, QueuedMessage, unknown]
  >)
    it(title, () =>
      assert.deepStrictEqual(
        QueueEdit.plan({ verb, reason: "why", written: 999.25, places }, about, 2000)?.map(show),
        edits
      )
    )
})

describe("QueueEdit", () => {
  it("leaves another message alone that has the number by now", () =>
    assert.strictEqual(
      QueueEdit.plan({ verb: "hold", reason: "", written: 998, places: undefined }, message, 2000),
      undefined
    ))
  for (const [title, verb, query, about, aim] of [
    ["a message", "bounce", {}, message, { id: "53", written: 999.25, recipients: undefined }],
    [
      "recipients",
      "bounce",
      { host: "example.com" },
      message,
      { id: "53", written: 999.25, recipients: [{ channel: "remote", position: 21 }] }
    ],
    ["a new message as a whole", "delete", {}, fresh, { id: "53", written: 999.25, recipients: undefined }],
    ["no recipients of a new message", "delete", { host: "example.com" }, fresh, undefined],
    ["no new message but to delete it", "hold", {}, fresh, undefined]
  ] as const)
    it(`aims at ${title}`, () =>
      assert.deepStrictEqual(QueueEdit.aim(verb, QueueQuery.select(query, about, 1500)!), aim))
})

describe("QueueRequest", () => {
  const request: QueueRequest.QueueRequest = {
    verb: "bounce",
    reason: "no such project any more",
    targets: [
      { id: "53", written: undefined, recipients: undefined },
      {
        id: "54",
        written: 1700000000.25,
        recipients: [
          { channel: "local", position: 0 },
          { channel: "remote", position: 17 }
        ]
      }
    ]
  }
  it("is written a message a line", () =>
    assert.strictEqual(
      QueueRequest.format(request),
      "bounce\nno such project any more\n53\n54 written 1700000000.25 local 0 remote 17\n"
    ))
  it("does not turn nobody into everybody", () =>
    assert.strictEqual(
      QueueRequest.format({ verb: "hold", reason: "", targets: [{ id: "5", written: 1, recipients: [] }] }),
      "hold\n\n"
    ))
  it("is made in pieces, which are all of it", () => {
    const targets = Array.from({ length: 2001 }, (_, i) => ({
      id: String(i),
      written: undefined,
      recipients: undefined
    }))
    const pieces = QueueRequest.pieces({ verb: "hold", reason: "", targets })
    assert.deepStrictEqual(
      pieces.map((piece) => piece.targets.length),
      [1000, 1000, 1]
    )
    assert.deepStrictEqual(
      pieces.flatMap((piece) => piece.targets),
      targets
    )
    assert.deepStrictEqual(QueueRequest.pieces({ verb: "hold", reason: "", targets: [] }), [])
  })
  it("leaves what is said of one message in its order, and messages free of each other", () => {
    const target = (id: string) => ({ id, written: undefined, recipients: undefined })
    assert.deepStrictEqual(QueueRequest.byMessage(["5", "7", "5", "9", "5"].map(target)), [[0, 2, 4], [1], [3]])
    assert.deepStrictEqual(QueueRequest.byMessage([]), [])
  })
  it("is read back", () =>
    assert.deepStrictEqual(Result.getOrThrow(QueueRequest.parse(QueueRequest.format(request))), request))
  for (const [content, trouble] of [
    ["", "unknown verb: "],
    ["dance\n\n5\n", "unknown verb: dance"],
    ["retry", "cut short"],
    ["retry\n\n5", "cut short"],
    ["delete\n\n5\n", "delete wants a reason"],
    ["retry\n\nx\n", "not a message: x"],
    ["retry\n\n5 local\n", "not a message: 5 local"],
    ["retry\n\n5 written now\n", "not a message: 5 written now"],
    ["retry\n\n5 local -1\n", "not a message: 5 local -1"],
    ["retry\n\n../6\n", "not a message: ../6"]
  ] as const)
    it(`refuses ${JSON.stringify(content)}: ${trouble}`, () =>
      assert.deepStrictEqual(QueueRequest.parse(content), Result.fail(trouble)))

  it("is answered a message a line", () => {
    const works = ["starting", "delivering", "recording", "ending", "sorting", "reading"] as const
    const outcomes: ReadonlyArray<QueueRequest.Outcome> = [
      { _tag: "Done", id: "1" },
      { _tag: "NotThere", id: "2" },
      { _tag: "Failed", id: "4", errno: "EIO" },
      ...works.map((why) => ({ _tag: "Busy", id: "3", why }) as const)
    ]
    const text = QueueRequest.formatAnswer(outcomes)
    assert.strictEqual(text, `done 1\nabsent 2\nfailed 4 EIO\n${works.map((why) => `busy 3 ${why}\n`).join("")}`)
    assert.deepStrictEqual(QueueRequest.parseAnswer(text), outcomes)
    assert.deepStrictEqual(QueueRequest.parseAnswer("busy 3\nbusy 3 dancing\nlost 4\ndone\n"), [])
  })
  it("is logged later from a note, apart from what was never finished", () => {
    assert.isTrue(QueueRequest.isNote(QueueRequest.noteOf("1700000000.42")))
    assert.deepStrictEqual(["1700000000.42", ".1700000000.42.note", "1700000000.42.done"].map(QueueRequest.isNote), [
      false,
      false,
      false
    ])
  })
  it("comes by a socket in a directory of the sender's own", () =>
    assert.deepStrictEqual(
      [QueueRequest.socketFile("one"), QueueRequest.socketFile("many")],
      ["lock/admin", "bounce/admin"]
    ))
})
