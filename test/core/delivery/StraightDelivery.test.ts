import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as ControlMap from "../../../src/core/control/ControlMap.ts"
import * as SendLoop from "../../../src/core/delivery/SendLoop.ts"
import type { Command, Fact, Preprocessed, Settings } from "../../../src/core/delivery/SendState.ts"
import * as StraightDelivery from "../../../src/core/delivery/StraightDelivery.ts"
import * as QueuePreprocess from "../../../src/core/queue/QueuePreprocess.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"

const routes = {
  locals: ControlMap.setOf(["here"]),
  virtualdomains: ControlMap.emptyMap,
  percenthack: ControlMap.emptySet,
  envnoathost: "here"
}
const settings: Settings = {
  classic: false,
  split: 1,
  routes,
  lifetime: 604800,
  concurrency: { local: 10, remote: 10 },
  concurrencyTotal: undefined,
  concurrencyBounce: 4,
  passQuantum: 30,
  classicPass: false,
  syncBounce: true,
  autoreload: 0,
  bounce: { from: "MAILER-DAEMON", host: "here", doubleTo: "postmaster@here" },
  patience: 10
}

/** A running send loop that is told facts; answers with the tags of its commands and with its log lines. */
const running = (changes: Partial<Settings> = {}) => {
  let { state } = SendLoop.initial({ now: EpochSeconds(1000), settings: { ...settings, ...changes } })
  const tell = (fact: Fact, now = 1000): ReadonlyArray<Command> => {
    const step = SendLoop.decide(state, { now: EpochSeconds(now), fact })
    state = step.state
    return step.commands
  }
  tell({ _tag: "QueueRead", subdirectory: 0, messages: [] })
  tell({ _tag: "TodoListed", ids: [] })
  return { tell, told: (fact: Fact) => tell(fact).map(said), state: () => state }
}
const said = (command: Command): string => (command._tag === "Log" ? command.line : command._tag)

const left: Preprocessed = {
  id: "53",
  routes,
  started: true,
  settled: false,
  bytes: 100,
  told: [{ sender: "me@here", qp: 7, uid: 1 }],
  birth: EpochSeconds(1000),
  recipients: { local: { records: [{ position: 0, done: false, recipient: "you@here" }] } }
}

describe("A message to one recipient", () => {
  it("is tried straight from todo, and when the recipient has it todo goes, with no file in between", () => {
    const loop = running()
    assert.deepInclude(loop.tell({ _tag: "TodoPulled", ids: ["53"] })[0], { _tag: "PreprocessTodo", straight: true })
    assert.deepStrictEqual(loop.told({ _tag: "TodoPreprocessed", result: left }), [
      "new msg 53",
      "info msg 53: bytes 100 from <me@here> qp 7 uid 1",
      "starting delivery 1: msg 53 to local you@here",
      "status: local 1/10 remote 0/10",
      "StartDelivery"
    ])
    assert.deepStrictEqual(loop.told({ _tag: "Reported", channel: "local", slot: 0, report: "Kdid 1+0+0\n" }), [
      "delivery 1: success: did_1+0+0/",
      "status: local 0/10 remote 0/10",
      "end msg 53",
      "EndStraight"
    ])
    assert.isTrue(loop.state().straight.has("53"))
    loop.told({ _tag: "StraightEnded", id: "53", result: "removed" })
    assert.isFalse(loop.state().straight.has("53"))
  })

  for (const [report, next] of [
    ["Dno such box\n", "AppendBounce"],
    ["Zlater\n", "StampDueTime"]
  ] as const)
    it(`is settled before the report "${report.trim()}" changes anything`, () => {
      const loop = running()
      loop.tell({ _tag: "TodoPulled", ids: ["53"] })
      loop.tell({ _tag: "TodoPreprocessed", result: left })
      const commands = loop.tell({ _tag: "Reported", channel: "local", slot: 0, report })
      assert.deepInclude(commands.at(-1), { _tag: "PreprocessTodo", straight: false, birth: EpochSeconds(1000) })
      assert.isTrue(StraightDelivery.isSettling(loop.state(), "53"))
      const after = loop.told({ _tag: "TodoPreprocessed", result: { ...left, settled: true } })
      assert.deepStrictEqual(after, [next])
      assert.isFalse(loop.state().straight.has("53"))
    })

  it("waits in todo if the disk will not have its files, and is settled later", () => {
    const loop = running()
    loop.tell({ _tag: "TodoPulled", ids: ["53"] })
    loop.tell({ _tag: "TodoPreprocessed", result: left })
    loop.tell({ _tag: "Reported", channel: "local", slot: 0, report: "Zlater\n" })
    const trouble = { kind: "create", file: "info/0/53" } as const
    assert.deepStrictEqual(loop.told({ _tag: "TodoPreprocessed", result: { ...left, settled: true, trouble } }), [
      "warning: unable to create info/0/53"
    ])
    assert.isTrue(StraightDelivery.isSettling(loop.state(), "53"))
    assert.deepInclude(loop.tell({ _tag: "Woke" }, 1123)[0], { _tag: "PreprocessTodo", straight: false })
  })

  it("is not taken from todo a second time while it is tried", () => {
    const loop = running()
    loop.tell({ _tag: "TodoPulled", ids: ["53"] })
    loop.tell({ _tag: "TodoPreprocessed", result: left })
    assert.deepStrictEqual(loop.told({ _tag: "TodoPulled", ids: ["53"] }), [])
  })

  it("never goes straight in a qmail home", () => {
    const loop = running({ classic: true })
    assert.deepInclude(loop.tell({ _tag: "TodoPulled", ids: ["53"] })[0], { _tag: "PreprocessTodo", straight: false })
  })
})

describe("QueuePreprocess.single", () => {
  for (const [todo, recipient] of [
    ["u1\0p7\0Fme@here\0Tyou@here\0", "local you@here"],
    ["u1\0p7\0F\0Tyou@there\0", "remote you@there"],
    ["u1\0p7\0Fme@here\0Ta@here\0Tb@here\0", undefined],
    ["u1\0p7\0Fme@here\0", undefined],
    ["u1\0p7\0Fme@here\0Tyou@here\0Xwhat\0", undefined],
    ["", undefined]
  ] as const)
    it(`${JSON.stringify(todo)}: ${recipient ?? "the long way"}`, () => {
      const single = QueuePreprocess.single(routes, toChunk(todo))
      assert.strictEqual(single && `${single.channel} ${single.recipient}`, recipient)
    })
})
