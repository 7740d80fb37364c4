import { assert, describe, it } from "@effect/vitest"
import { heldUntil, type QueuedMessage } from "../../../src/core/queue/QueuedMessage.ts"
import * as QueueTable from "../../../src/core/admin/QueueTable.ts"

const message: QueuedMessage = {
  id: "2351118",
  state: "S5",
  bytes: 226,
  birth: 1_000_000,
  written: 999_999.5,
  sender: "joe@example.org",
  recipients: [
    { channel: "local", position: 0, address: "done@here", isDone: true },
    { channel: "remote", position: 0, address: "b\xc3\xb6b@far", isDone: false }
  ],
  due: { local: 1_000_100, remote: 1_000_400 },
  isBouncing: false
}
const held = { ...message, due: { local: heldUntil, remote: heldUntil } }
const fresh: QueuedMessage = {
  ...message,
  state: "S4",
  due: {},
  recipients: message.recipients.map((one) => ({ ...one, channel: undefined, isDone: false }))
}

describe("QueueTable", () => {
  for (const [title, about, now, line] of [
    ["waits", message, 1_000_040, "   2351118  40s     226     1  in 6m     <joe@example.org>\n"],
    ["looks only at a channel that has somebody left", message, 1_000_200, "  in 3m "],
    ["is due", message, 1_000_400, "   2351118   6m     226     1  now       <joe@example.org>\n"],
    ["is held", held, 1_180_000, "   2351118   2d     226     1  held      <joe@example.org>\n"],
    ["is new", fresh, 1_000_001, "   2351118   1s     226     1  new       <joe@example.org>\n"],
    ["has failures", { ...message, sender: "", isBouncing: true }, 1_000_000, "<> bouncing\n"],
    ["a clock that was set back", message, 999_000, "   2351118   0s "],
    ["a sender that would move the cursor", { ...message, sender: "\x1b[2J\n\xff" }, 1_000_000, "<_[2J__>\n"],
    ["nobody is left", { ...message, recipients: [], due: {} }, 1_000_000, "  now "]
  ] as ReadonlyArray<readonly [string, QueuedMessage, number, string]>)
    it(title, () => assert.include(QueueTable.line(about, 1, now), line))

  it("stands below its heading", () => {
    const line = QueueTable.line(message, 1, 1_000_040)
    for (const [name, value] of [
      ["number", "2351118"],
      ["age", "40s"],
      ["size", "226"],
      ["left", "1 "]
    ] as const)
      assert.strictEqual(
        line.indexOf(value) + value.trim().length,
        QueueTable.heading.indexOf(name) + name.length,
        name
      )
    for (const [name, value] of [
      ["next try", "in 6m"],
      ["sender", "<joe"]
    ] as const)
      assert.strictEqual(line.indexOf(value), QueueTable.heading.indexOf(name), name)
  })

  for (const [bytes, size] of [
    [0, "0"],
    [999, "999"],
    [1000, "1.0K"],
    [1229, "1.2K"],
    [49152, "48K"],
    [1_023_999, "1.0M"],
    [52_428_800, "50M"],
    [5_368_709_120, "5.0G"]
  ] as const)
    it(`${bytes} bytes: ${size}`, () =>
      assert.include(QueueTable.line({ ...message, bytes }, 1, 1_000_040), ` ${size.padStart(7)}     1 `))

  for (const [seconds, length] of [
    [0, "0s"],
    [99, "99s"],
    [100, "1m"],
    [5999, "99m"],
    [6000, "1h"],
    [172_799, "47h"],
    [172_800, "2d"],
    [604_800, "7d"]
  ] as const)
    it(`${seconds} seconds: ${length}`, () => assert.strictEqual(QueueTable.length(seconds), length))

  it("shows all about one", () =>
    assert.strictEqual(
      QueueTable.details({ ...message, isBouncing: true, due: { local: heldUntil, remote: 1_000_400 } }, 23, 1_000_040),
      [
        "message 2351118",
        "  sender    <joe@example.org>",
        "  arrived   12 Jan 1970 13:46:40 -0000, 40s ago",
        "  size      226 bytes",
        "  text      queue/mess/12/2351118",
        "  local     held",
        "  remote    in 6m",
        "  failures  queue/bounce/2351118",
        "  done  local   done@here",
        "        remote  b__b@far",
        ""
      ].join("\n")
    ))
  it("shows all about a new one", () =>
    assert.include(
      QueueTable.details(fresh, 23, 1_000_040),
      "  next try  new: not sorted into local and remote yet\n                done@here\n"
    ))

  it("is JSON for programs, in UTF-8, with null for what is held", () =>
    assert.deepStrictEqual(
      JSON.parse(
        Buffer.from(
          QueueTable.json({ ...message, due: { local: heldUntil, remote: 5 } }, 1_000_040),
          "latin1"
        ).toString()
      ),
      {
        number: "2351118",
        state: "queued",
        held: true,
        bouncing: false,
        bytes: 226,
        arrived: 1_000_000,
        age: 40,
        sender: "joe@example.org",
        next: { local: null, remote: 5 },
        recipients: [
          { address: "done@here", channel: "local", done: true },
          { address: "böb@far", channel: "remote", done: false }
        ]
      }
    ))
  it("is one line of JSON, whatever the addresses hold", () =>
    assert.match(
      QueueTable.json({ ...fresh, sender: '"\n\xff\u2028'.slice(0, 3) }, 0),
      /^\{"number":"2351118","state":"new",[^\n]*\}\n$/
    ))
})
