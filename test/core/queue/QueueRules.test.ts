import { assert, describe, it } from "@effect/vitest"
import * as CleanRequest from "../../../src/core/queue/CleanRequest.ts"
import * as QueueListing from "../../../src/core/queue/QueueListing.ts"
import * as QueueOrigin from "../../../src/core/queue/QueueOrigin.ts"
import * as QueueState from "../../../src/core/queue/QueueState.ts"
import * as QueueSweep from "../../../src/core/queue/QueueSweep.ts"

const presence = (files: string): QueueState.Presence => ({
  mess: files.includes("m"),
  intd: files.includes("i"),
  todo: files.includes("t"),
  info: files.includes("n"),
  local: files.includes("l"),
  remote: files.includes("r"),
  bounce: files.includes("b")
})

describe("QueueState.stateOf: mess, intd, todo, iNfo, local, remote, bounce", () => {
  for (const [files, state] of [
    ["", "S1"],
    ["m", "S2"],
    ["mi", "S3"],
    ["mt", "S4"],
    ["mit", "S4"],
    ["mitnlr", "S4"],
    ["mtl", "S4"],
    ["mn", "S5"],
    ["mnl", "S5"],
    ["mnlrb", "S5"],
    ["i", "Damaged"],
    ["t", "Damaged"],
    ["n", "Damaged"],
    ["mtb", "Damaged"],
    ["min", "Damaged"],
    ["ml", "Damaged"],
    ["mb", "Damaged"]
  ] as const)
    it(`${files === "" ? "none" : files}: ${state}`, () =>
      assert.strictEqual(QueueState.stateOf(presence(files)), state))

  it("follows only the arrows of INTERNALS", () => {
    const states = ["S1", "S2", "S3", "S4", "S5"] as const
    const arrows = states.flatMap((from) =>
      states.filter((to) => from !== to && QueueState.mayFollow(from, to)).map((to) => `${from}${to}`)
    )
    assert.deepStrictEqual(arrows, ["S1S2", "S2S1", "S2S3", "S3S2", "S3S4", "S4S5", "S5S2"])
  })
})

describe("QueueSweep", () => {
  const day = 86400
  const at = (touched: number, more: { hasInfo?: boolean; hasTodo?: boolean; mtime?: number } = {}) =>
    QueueSweep.isAbandonedMessage({
      now: 10 * day,
      atime: touched,
      mtime: more.mtime ?? touched,
      hasInfo: more.hasInfo ?? false,
      hasTodo: more.hasTodo ?? false
    })
  it("waits 36 hours and one second for a message", () => {
    assert.isFalse(at(8.5 * day))
    assert.isTrue(at(8.5 * day - 1))
  })
  it("waits 36 hours for a name", () => {
    const name = (touched: number) => QueueSweep.isAbandonedName({ now: 10 * day, atime: touched, mtime: 0 })
    assert.isTrue(name(8.5 * day))
    assert.isFalse(name(8.5 * day + 1))
  })
  it("leaves what is queued", () => {
    assert.isFalse(at(0, { hasInfo: true }))
    assert.isFalse(at(0, { hasTodo: true }))
  })
  it("believes the later of two times: atime may be switched off", () => assert.isFalse(at(0, { mtime: 9 * day })))

  const listing = (files: Partial<Record<keyof QueueSweep.Listing, string>>): QueueSweep.Listing => {
    const set = (name: keyof QueueSweep.Listing) => new Set((files[name] ?? "").split(" ").filter((id) => id !== ""))
    return {
      mess: set("mess"),
      intd: set("intd"),
      todo: set("todo"),
      info: set("info"),
      local: set("local"),
      remote: set("remote"),
      bounce: set("bounce")
    }
  }
  const dead = (files: Partial<Record<keyof QueueSweep.Listing, string>>) =>
    QueueSweep.deadAtStart(listing(files)).map(({ directory, id }) => `${directory}/${id}`)

  it("finds files of messages that have no text any more", () =>
    assert.deepStrictEqual(dead({ intd: "1", todo: "2", info: "3", local: "3", remote: "4", bounce: "5" }), [
      "todo/2",
      "info/3",
      "local/3",
      "remote/4",
      "bounce/5",
      "intd/1"
    ]))
  it("keeps every file of a message in S3, S4, S5", () =>
    assert.deepStrictEqual(
      dead({ mess: "3 4 5", intd: "3 4", todo: "4", info: "4 5", local: "4 5", remote: "5", bounce: "5" }),
      []
    ))
  it("finds recipients that a message which is only being born cannot have, and an envelope that came back", () =>
    assert.deepStrictEqual(dead({ mess: "2 5", local: "2", bounce: "2", intd: "5", info: "5" }), [
      "local/2",
      "bounce/2",
      "intd/5"
    ]))
})

describe("QueueOrigin", () => {
  const roles = { alias: 1, qmaild: 2, qmails: 3 }
  it("knows callers by their user id, in this order", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4].map((uid) => QueueOrigin.ofCaller(uid, roles)),
      ["by alias", "from network", "for bounce", "by uid 4"]
    )
    assert.strictEqual(QueueOrigin.ofCaller(1, { alias: 1, qmaild: 1, qmails: 1 }), "by alias")
  })
  it("does without users that are not there", () =>
    assert.strictEqual(QueueOrigin.ofCaller(0, { alias: undefined, qmaild: undefined, qmails: undefined }), "by uid 0"))
  it("knows the parts of a server", () =>
    assert.deepStrictEqual(
      (["network", "bounce", "user"] as const).map((part) => QueueOrigin.ofPart(part, 9)),
      ["from network", "for bounce", "by uid 9"]
    ))
})

describe("CleanRequest.understand", () => {
  const said = (line: string, classic: boolean) => {
    const { complaints, request } = CleanRequest.understand(line, classic)
    return "x".repeat(complaints) + (request === undefined ? "" : `${request._tag} ${request.id}`)
  }
  for (const [line, classic, own] of [
    ["foop/46", "RemoveMessage 46", "RemoveMessage 46"],
    ["todo/46", "RemoveTodo 46", "RemoveTodo 46"],
    ["todo/046", "RemoveTodo 46", "RemoveTodo 46"],
    ["foop/18446744073709551615", "RemoveMessage 18446744073709551615", "RemoveMessage 18446744073709551615"],
    ["foop/", "x", "x"],
    ["foop/5a", "xRemoveMessage 5", "x"],
    ["foop/a5", "xx", "x"],
    ["foop/-1", "xx", "x"],
    ["foop/x", "xx", "x"],
    ["mess/46", "x", "x"],
    ["foopx46", "x", "x"],
    ["todox46", "RemoveTodo 46", "x"],
    ["todo-1", "RemoveTodo 1", "x"],
    ["tod/046", "x", "x"],
    ["FOOP/46", "x", "x"],
    ["", "x", "x"],
    [`foop/${"1".repeat(95)}`, "x", "x"]
  ] as const)
    it(`${line.slice(0, 30)}: ${classic} in a qmail home, else ${own}`, () => {
      assert.strictEqual(said(line, true), classic)
      assert.strictEqual(said(line, false), own)
    })
  it("understands what it formats", () => {
    const request = { _tag: "RemoveTodo", id: "123" } as const
    assert.deepStrictEqual(CleanRequest.understand(CleanRequest.format(request).slice(0, -1), false).request, request)
  })
})

describe("QueueListing", () => {
  it("shows a message on a line", () =>
    assert.strictEqual(
      QueueListing.message({ id: "53", bytes: 226, birth: 0, info: "Fa\tb@c\0", isBouncing: false }),
      "1 Jan 1970 00:00:00 GMT  #53  226  <a_b@c> \n"
    ))
  it("says that it is bouncing", () =>
    assert.strictEqual(
      QueueListing.message({ id: "1", bytes: 0, birth: 1700000000, info: "F\0", isBouncing: true }),
      "14 Nov 2023 22:13:20 GMT  #1  0  <>  bouncing\n"
    ))
  it("shows recipients, and which are done", () =>
    assert.strictEqual(
      QueueListing.recipients("remote", "Ta@b\0Dc\xe4\0Xq\0Tcut"),
      "\tremote\ta@b\n  done\tremote\tc_\n"
    ))
  it("says what troubles it", () =>
    assert.strictEqual(QueueListing.trouble("7", "ENOENT"), "warning: trouble with #7: file does not exist\n"))
})
