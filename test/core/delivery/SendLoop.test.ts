/** Covers the whole machine: delivery/SendLoop.ts" with DeliveryPasses, MessageEnd, TodoWork and LeftoverSweep. */
import { assert, describe, it } from "@effect/vitest"
import { mapOf, setOf } from "../../../src/core/control/ControlMap.ts"
import * as DeliveryPasses from "../../../src/core/delivery/DeliveryPasses.ts"
import * as LeftoverSweep from "../../../src/core/delivery/LeftoverSweep.ts"
import * as MessageEnd from "../../../src/core/delivery/MessageEnd.ts"
import * as SendLoop from "../../../src/core/delivery/SendLoop.ts"
import type { Fact, Settings } from "../../../src/core/delivery/SendState.ts"
import * as TodoWork from "../../../src/core/delivery/TodoWork.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"

const settings: Settings = {
  classic: true,
  split: 1,
  routes: { locals: setOf(["here"]), virtualdomains: mapOf([]), percenthack: setOf([]), envnoathost: "here" },
  lifetime: 604_800,
  concurrency: { local: 2, remote: 2 },
  concurrencyTotal: undefined,
  concurrencyBounce: 1,
  passQuantum: 0,
  classicPass: true,
  syncBounce: true,
  autoreload: 0,
  bounce: { from: "MAILER-DAEMON", host: "here", doubleTo: "postmaster@here" },
  patience: undefined
}

/** Speaks for the world, and notes what was ordered: log lines as they are, commands by name and what they are about. */
class Loop {
  now = EpochSeconds(1_000_000)
  state: SendLoop.State
  ordered: Array<string> = []
  readonly commands: Array<SendLoop.Command> = []
  readonly settings: Settings

  constructor(change: Partial<Settings> = {}) {
    this.settings = { ...settings, ...change }
    const first = SendLoop.initial({ now: this.now, settings: this.settings })
    this.state = first.state
    this.#note(first.commands)
  }

  #note(commands: ReadonlyArray<SendLoop.Command>): void {
    for (const command of commands) {
      this.commands.push(command)
      const { _tag } = command
      if (_tag === "Log") this.ordered.push(command.line)
      else if (_tag === "StartDelivery")
        this.ordered.push(`${_tag} ${command.channel} ${command.slot} <${command.sender}>`)
      else
        this.ordered.push(
          [
            _tag,
            "channel" in command ? command.channel : "",
            "id" in command ? command.id : "",
            "position" in command ? command.position : ""
          ]
            .filter((word) => word !== "")
            .join(" ")
        )
    }
  }

  /** What these facts, one after the other, lead to. */
  tell(...facts: ReadonlyArray<Fact>): ReadonlyArray<string> {
    this.ordered = []
    for (const fact of facts) {
      const step = SendLoop.decide(this.state, { now: this.now, fact })
      this.state = step.state
      this.#note(step.commands)
    }
    return this.ordered.filter((line) => !line.startsWith("status: "))
  }

  later(seconds: number): ReadonlyArray<string> {
    this.now = EpochSeconds(this.now + seconds)
    return this.tell({ _tag: "Woke" })
  }

  /** The queue as it was when qmail-send started; nothing new, nothing abandoned. */
  started(...messages: Extract<Fact, { _tag: "QueueRead" }>["messages"]): this {
    this.tell(
      { _tag: "QueueRead", subdirectory: 0, messages },
      { _tag: "TodoListed", ids: [] },
      { _tag: "MessSwept", subdirectory: 0, abandoned: [] },
      { _tag: "NotesTaken", ok: true, notes: [] }
    )
    return this
  }

  /** The pass that was ordered finds these recipients. */
  opens(id: string, recipients: ReadonlyArray<string>, age = 0, sender = "s@x"): ReadonlyArray<string> {
    let position = 0
    const records = recipients.map((text) => {
      const record = { position, done: text.startsWith("D"), recipient: text.slice(1) }
      position += text.length + 1
      return record
    })
    const birth = EpochSeconds(this.now - age)
    return this.tell({ _tag: "PassOpened", id, channel: "local", sender, birth, records, next: { _tag: "End" } })
  }

  reports(slot: number, report: string): ReadonlyArray<string> {
    return this.tell({ _tag: "Reported", channel: "local", slot, report })
  }

  marked(id: string, position: number, ok = true): ReadonlyArray<string> {
    return this.tell({ _tag: "RecipientMarked", id, channel: "local", position, ok })
  }

  removed(id: string, other: "absent" | "present" = "absent"): ReadonlyArray<string> {
    return this.tell({ _tag: "RecipientsRemoved", id, channel: "local", ok: true, other, hasBounce: "perhaps" })
  }
}

const local = (id: string, due: number) => ({ id, due: { local: EpochSeconds(due) } })

describe("SendLoop at the start", () => {
  it("reads the queue, says where it stands, then looks for new mail, for leftovers, and for what was done while no server ran", () => {
    const loop = new Loop()
    assert.deepStrictEqual(loop.ordered, ["ReadQueue"])
    loop.tell({ _tag: "QueueRead", subdirectory: 0, messages: [] })
    assert.deepStrictEqual(loop.ordered, ["status: local 0/2 remote 0/2", "TakeNotes", "ListTodo", "SweepMess"])
  })
  it("a message is tried at the time of its file, not before", () => {
    const loop = new Loop().started(local("7", 1_000_300))
    assert.strictEqual(SendLoop.wakeAt(loop.state), 1_000_300)
    assert.deepStrictEqual(loop.later(299), [])
    assert.deepStrictEqual(loop.later(1), ["OpenPass local 7"])
  })
  it("a message on no channel is finished", () =>
    assert.include(
      new Loop().tell({ _tag: "QueueRead", subdirectory: 0, messages: [{ id: "7", due: {} }] }),
      "InspectMessage 7"
    ))
  it("a message that cannot be looked at is looked at again after 123 seconds", () => {
    const loop = new Loop()
    assert.include(
      loop.tell({ _tag: "QueueRead", subdirectory: 0, messages: [{ id: "7", due: {}, trouble: "local/0/7" }] }),
      "warning: unable to stat local/0/7; will try again later"
    )
    assert.include(loop.later(123), "LookUpMessage 7")
  })
  it("a directory that cannot be read is tried again: after 10 seconds, in our homes after 123", () => {
    for (const [classic, seconds, line] of [
      [true, 10, "alert: unable to opendir info/0, sleeping..."],
      [false, 123, "alert: trouble reading directory info/0"]
    ] as const) {
      const loop = new Loop({ classic })
      const wanted = { _tag: "ReadQueue", subdirectory: 0 } as const
      assert.deepStrictEqual(loop.tell({ _tag: "DirectoryUnreadable", directory: "info/0", wanted }), [line])
      assert.deepStrictEqual(loop.later(seconds - 1), [])
      assert.deepStrictEqual(loop.later(1), ["ReadQueue"], "[W83]")
    }
  })
})

describe("A pass", () => {
  it("starts as many deliveries as there are slots, and goes on when one is free", () => {
    const loop = new Loop().started(local("7", 1))
    assert.deepStrictEqual(loop.opens("7", ["Ta@here", "Db@here", "Tc@here", "Td@here"]), [
      "starting delivery 1: msg 7 to local a@here",
      "StartDelivery local 0 <s@x>",
      "starting delivery 2: msg 7 to local c@here",
      "StartDelivery local 1 <s@x>"
    ])
    assert.deepStrictEqual(loop.reports(1, "Kdone\n"), [
      "delivery 2: success: done/",
      "MarkRecipient local 7 16",
      "starting delivery 3: msg 7 to local d@here",
      "StartDelivery local 1 <s@x>"
    ])
  })
  it("gives each recipient of a VERP sender a sender of his own", () => {
    const loop = new Loop().started(local("7", 1))
    assert.include(loop.opens("7", ["Ta@here"], 0, "list-@x-@[]"), "StartDelivery local 0 <list-a=here@x>")
  })
  it("the last recipient is not marked: his file goes", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    assert.deepStrictEqual(loop.reports(0, "K"), ["delivery 1: success: ", "RemoveRecipients local 7"])
  })
  it("but he is if another mark is still being written", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here"])
    assert.include(loop.reports(0, "K"), "MarkRecipient local 7 0")
    assert.include(loop.reports(1, "K"), "MarkRecipient local 7 8")
    assert.deepStrictEqual(loop.marked("7", 8), [])
    assert.deepStrictEqual(loop.marked("7", 0), ["RemoveRecipients local 7"])
  })
  it("a deferred message waits for the next square", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here"], 100)
    assert.deepStrictEqual(loop.reports(0, "Zbusy\n"), ["delivery 1: deferral: busy/"])
    assert.deepStrictEqual(loop.later(299), [])
    assert.deepStrictEqual(loop.later(1), ["OpenPass local 7"])
  })
  it("past its lifetime a deferral is a failure", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here"], 604_801)
    assert.deepStrictEqual(loop.reports(0, "Zbusy\n"), [
      "delivery 1: failure: busy/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./",
      "AppendBounce 7"
    ])
  })
  it("a failure is on disk before the recipient is done", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here"])
    assert.deepStrictEqual(loop.reports(0, "Dno\n"), ["delivery 1: failure: no/", "AppendBounce 7"])
    assert.deepStrictEqual(loop.tell({ _tag: "BounceAppended", id: "7" }), ["MarkRecipient local 7 0"])
  })
  it("failures that come meanwhile are written together, in their order", () => {
    const loop = new Loop({ concurrency: { local: 3, remote: 0 } }).started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here", "Tc@here"])
    loop.reports(2, "Dno c\n")
    assert.deepStrictEqual(loop.reports(1, "Dno b\n"), ["delivery 2: failure: no_b/"])
    loop.reports(0, "Dno a\n")
    assert.deepStrictEqual(loop.tell({ _tag: "BounceAppended", id: "7" }), [
      "AppendBounce 7",
      "MarkRecipient local 7 16"
    ])
    assert.deepInclude(loop.commands.at(-2), { text: "<b@here>:\nno b\n\n<a@here>:\nno a\n\n" })
  })
  it("a failure that cannot be written is written later, and the recipient waits", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    loop.reports(0, "Dno\n")
    const wanted = loop.commands.at(-1)!
    assert.deepStrictEqual(loop.tell({ _tag: "BounceNotAppended", wanted }), [
      "alert: unable to append to bounce message; HELP! sleeping..."
    ])
    assert.deepStrictEqual(loop.later(10), ["AppendBounce 7"])
  })
  it("a report without a letter is not believed", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    assert.deepStrictEqual(loop.reports(0, ""), ["delivery 1: report mangled, will defer"])
  })
  it("nor one for a slot that is not used", () =>
    assert.deepStrictEqual(new Loop().started().reports(1, "Kok"), [
      "warning: internal error: delivery report out of range"
    ]))
  it("a mark that cannot be written is a delivery twice", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here"])
    loop.reports(0, "K")
    assert.deepStrictEqual(loop.marked("7", 0, false), [
      "warning: trouble marking local/0/7; message will be delivered twice!"
    ])
  })
  it("files that cannot be opened are opened again after 123 seconds", () => {
    const loop = new Loop().started(local("7", 1))
    assert.deepStrictEqual(loop.tell({ _tag: "PassNotOpened", id: "7", channel: "local", file: "info/0/7" }), [
      "warning: trouble opening info/0/7; will try again later"
    ])
    assert.deepStrictEqual(loop.later(122), [])
    assert.deepStrictEqual(loop.later(1), ["OpenPass local 7"])
  })
  it("a record of an unknown kind ends the pass, and the message stays", () => {
    const loop = new Loop().started(local("7", 1))
    const pass = {
      id: "7",
      channel: "local",
      sender: "s",
      birth: loop.now,
      records: [],
      next: { _tag: "Unknown" }
    } as const
    assert.deepStrictEqual(loop.tell({ _tag: "PassOpened", ...pass }), ["warning: unknown record type in local/0/7!"])
    assert.deepStrictEqual(loop.later(100), ["OpenPass local 7"])
  })
  it("a long list is read piece by piece", () => {
    const loop = new Loop().started(local("7", 1))
    const record = { position: 0, done: false, recipient: "a@here" }
    const next = { _tag: "More", position: 8 } as const
    const pass = { id: "7", channel: "local", sender: "s", birth: loop.now, records: [record], next } as const
    assert.include(loop.tell({ _tag: "PassOpened", ...pass }), "ReadRecipients local 7 8")
    const rest = { records: [{ ...record, position: 8, recipient: "b@here" }], next: { _tag: "End" } } as const
    assert.include(
      loop.tell({ _tag: "RecipientsRead", id: "7", channel: "local", ...rest }),
      "starting delivery 2: msg 7 to local b@here"
    )
  })
  it("[W82] not more deliveries in all than concurrencytotal", () => {
    const loop = new Loop({ concurrencyTotal: 1 }).started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here"])
    assert.include(loop.ordered, "status: local 1/2 remote 0/2 total 1/1")
    assert.notInclude(loop.ordered, "starting delivery 2: msg 7 to local b@here")
  })
  it("a long list lets others pass after passquantum recipients", () => {
    const loop = new Loop({ classic: false, passQuantum: 1, concurrency: { local: 1, remote: 1 } }).started(
      local("7", 1),
      local("8", 2)
    )
    loop.opens("7", ["Ta@here", "Tb@here", "Tc@here"])
    assert.deepStrictEqual(loop.reports(0, "K"), [
      "delivery 1: success: ",
      "MarkRecipient local 7 0",
      "OpenPass local 8",
      "starting delivery 2: msg 7 to local b@here",
      "StartDelivery local 0 <s@x>"
    ])
    loop.opens("8", ["Td@here"])
    assert.include(loop.reports(0, "K"), "starting delivery 3: msg 8 to local d@here")
  })
})

describe("With a concurrency of 1", () => {
  const two = (change: Partial<Settings> = {}) => {
    const loop = new Loop({ concurrency: { local: 1, remote: 1 }, ...change }).started(local("7", 1), local("8", 2))
    loop.opens("7", ["Ta@here"])
    return loop
  }
  it("a qmail home ends a message, with its bounce, before the next delivery", () => {
    const loop = two()
    assert.deepStrictEqual(loop.reports(0, "Dno\n"), ["delivery 1: failure: no/", "AppendBounce 7"])
    assert.deepStrictEqual(loop.tell({ _tag: "BounceAppended", id: "7" }), ["RemoveRecipients local 7"])
    assert.deepStrictEqual(loop.removed("7"), ["InspectMessage 7"])
    const verdict = { _tag: "Finished", sender: "s@x", hasBounce: true } as const
    assert.deepStrictEqual(loop.tell({ _tag: "MessageInspected", id: "7", verdict }), ["InjectBounce 7"])
    assert.isUndefined(DeliveryPasses.nextStart(loop.state, "local"), "nobody is woken for it")
    loop.tell({ _tag: "BounceInjected", id: "7", qp: 99 })
    assert.deepStrictEqual(loop.tell({ _tag: "BounceRemoved", id: "7", ok: true }), ["end msg 7", "EndMessage 7"])
    assert.deepStrictEqual(loop.tell({ _tag: "MessageEnded", id: "7", result: "removed" }), ["OpenPass local 8"])
  })
  it("and marks a recipient before it tries the next", () => {
    const loop = new Loop({ concurrency: { local: 1, remote: 1 } }).started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here"])
    assert.deepStrictEqual(loop.reports(0, "K"), ["delivery 1: success: ", "MarkRecipient local 7 0"])
    assert.include(loop.marked("7", 0), "starting delivery 2: msg 7 to local b@here")
  })
  it("a bounce that has to wait keeps nobody waiting", () => {
    const loop = two()
    loop.reports(0, "K")
    loop.removed("7")
    const verdict = { _tag: "Unreadable", file: "info/0/7" } as const
    assert.include(loop.tell({ _tag: "MessageInspected", id: "7", verdict }), "OpenPass local 8")
  })
  it("our homes wait for no files", () => assert.include(two({ classic: false }).reports(0, "K"), "OpenPass local 8"))
})

describe("[W67] A delivery that hangs", () => {
  const hanging = (classicPass: boolean) => {
    const loop = new Loop({ classicPass }).started(local("7", 1))
    loop.opens("7", ["Ta@here", "Tb@here"])
    loop.reports(1, "Zlater\n")
    return loop
  }
  it("delays only its own recipient", () => {
    const loop = hanging(false)
    assert.deepStrictEqual(loop.later(100), ["OpenPass local 7"])
    assert.deepStrictEqual(
      loop.opens("7", ["Ta@here", "Tb@here"], 100),
      ["starting delivery 3: msg 7 to local b@here", "StartDelivery local 1 <s@x>"],
      "[W68] and is not started again"
    )
    assert.include(loop.reports(1, "K"), "MarkRecipient local 7 8")
    assert.deepStrictEqual(loop.marked("7", 8), [])
    assert.include(loop.reports(0, "K"), "RemoveRecipients local 7")
  })
  it("with control/classicpass it delays its whole message", () => {
    const loop = hanging(true)
    assert.notInclude(loop.later(5000), "OpenPass local 7")
    assert.include(loop.reports(0, "Zlater\n"), "OpenPass local 7")
  })
})

describe("The end of a message", () => {
  const done = (change: Partial<Settings> = {}) => {
    const loop = new Loop(change).started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    loop.reports(0, "K")
    return loop
  }
  const finished = (sender: string, hasBounce: boolean): Fact => ({
    _tag: "MessageInspected",
    id: "7",
    verdict: { _tag: "Finished", sender, hasBounce }
  })
  it("waits for the other channel", () => assert.deepStrictEqual(done().removed("7", "present"), []))
  it("is looked into, and then it ends", () => {
    const loop = done()
    assert.deepStrictEqual(loop.removed("7"), ["InspectMessage 7"])
    assert.deepStrictEqual(loop.tell(finished("s@x", false)), ["end msg 7", "EndMessage 7"])
    assert.deepStrictEqual(loop.tell({ _tag: "MessageEnded", id: "7", result: "removed" }), [])
  })
  it("bounces first: queued, then forgotten, then the message", () => {
    const loop = done()
    loop.removed("7")
    assert.deepStrictEqual(loop.tell(finished("s@x", true)), ["InjectBounce 7"])
    assert.deepStrictEqual(loop.tell({ _tag: "BounceInjected", id: "7", qp: 99 }), [
      "bounce msg 7 qp 99",
      "RemoveBounce 7"
    ])
    assert.deepStrictEqual(loop.tell({ _tag: "BounceRemoved", id: "7", ok: true }), ["end msg 7", "EndMessage 7"])
  })
  it("a bounce that is refused is sent again after 123 seconds", () => {
    const loop = done()
    loop.removed("7")
    loop.tell(finished("s@x", true))
    assert.deepStrictEqual(loop.tell({ _tag: "BounceInjected", id: "7", qp: undefined }), [
      "warning: trouble injecting bounce message, will try later"
    ])
    assert.deepStrictEqual(loop.later(123), ["InspectMessage 7"])
  })
  it("what bounced twice is dropped", () => {
    const loop = done()
    loop.removed("7")
    assert.deepStrictEqual(loop.tell(finished("#@[]", true)), ["triple bounce: discarding bounce/7", "RemoveBounce 7"])
  })
  it("[W70] a bounce that takes long stops nobody, and only so many are queued at once", () => {
    const loop = new Loop({ classic: false, concurrencyBounce: 1 }).started({ id: "7", due: {} }, { id: "8", due: {} })
    loop.tell(finished("s@x", true))
    assert.deepStrictEqual(loop.tell({ ...finished("s@x", true), id: "8" } as Fact), [])
    loop.tell({ _tag: "TodoPulled", ids: "scan" })
    assert.include(loop.ordered, "ListTodo")
    assert.include(loop.tell({ _tag: "BounceInjected", id: "7", qp: 1 }), "InjectBounce 8")
  })
  it("info that cannot be removed is removed later", () => {
    const loop = done()
    loop.removed("7")
    loop.tell(finished("s@x", false))
    assert.deepStrictEqual(loop.tell({ _tag: "MessageEnded", id: "7", result: "infoStays" }), [
      "warning: unable to unlink info/0/7; will try again later"
    ])
    assert.deepStrictEqual(loop.later(123), ["InspectMessage 7"])
  })
  it("recipients that cannot be removed are tried again", () => {
    const loop = done()
    const fact = {
      _tag: "RecipientsRemoved",
      id: "7",
      channel: "local",
      other: "unknown",
      hasBounce: "perhaps"
    } as const
    assert.deepStrictEqual(loop.tell({ ...fact, ok: false }), [
      "warning: unable to unlink local/0/7; will try again later"
    ])
    assert.deepStrictEqual(loop.later(123), ["OpenPass local 7"])
  })
})

describe("Leftovers", () => {
  const swept = (...abandoned: ReadonlyArray<string>): Fact => ({ _tag: "MessSwept", subdirectory: 0, abandoned })
  it("are removed, and looked for again after 76431 seconds", () => {
    const loop = new Loop()
    loop.tell({ _tag: "QueueRead", subdirectory: 0, messages: [] }, { _tag: "TodoListed", ids: [] })
    assert.deepStrictEqual(loop.tell(swept("5")), ["RemoveAbandoned 5"])
    assert.deepStrictEqual(loop.tell({ _tag: "AbandonedRemoved", id: "5", ok: false }), [
      "warning: qmail-clean unable to clean up foop/5"
    ])
    assert.notInclude(loop.later(76430), "SweepMess")
    assert.include(loop.later(1), "SweepMess")
  })
  it("a message that ended meanwhile is none: its number may be another's by now", () => {
    const loop = new Loop()
    loop.tell({ _tag: "QueueRead", subdirectory: 0, messages: [{ id: "7", due: {} }] }, { _tag: "TodoListed", ids: [] })
    loop.tell({ _tag: "MessageInspected", id: "7", verdict: { _tag: "Finished", sender: "", hasBounce: false } })
    assert.deepStrictEqual(loop.tell(swept("7")), [], "while it ends")
    const other = new Loop()
    other.tell(
      { _tag: "QueueRead", subdirectory: 0, messages: [{ id: "7", due: {} }] },
      { _tag: "TodoListed", ids: [] }
    )
    other.tell({ _tag: "MessageInspected", id: "7", verdict: { _tag: "Finished", sender: "", hasBounce: false } })
    other.tell({ _tag: "MessageEnded", id: "7", result: "removed" })
    assert.deepStrictEqual(other.tell(swept("7")), [], "after it ended")
  })
})

describe("Signals", () => {
  it("[W54] TERM: nothing new begins, deliveries are awaited, due times are written down", () => {
    const loop = new Loop().started(local("7", 1), local("8", 9_000_000))
    loop.opens("7", ["Ta@here", "Tb@here", "Tc@here"])
    assert.deepStrictEqual(loop.tell({ _tag: "StopAsked" }), [])
    assert.deepStrictEqual(loop.reports(0, "Zno\n"), ["delivery 1: deferral: no/"])
    assert.include(loop.ordered, "status: local 1/2 remote 0/2 exitasap")
    assert.deepStrictEqual(loop.tell({ _tag: "TodoPulled", ids: "scan" }), [])
    assert.deepStrictEqual(loop.reports(1, "Zno\n"), ["delivery 2: deferral: no/", "StampDueTimes"])
    loop.tell({ _tag: "DueTimesStamped", failed: ["local/0/8"] })
    assert.deepStrictEqual(loop.ordered, [
      "warning: unable to utime local/0/8; message will be retried too soon",
      "status: exiting",
      "Exit"
    ])
    assert.isTrue(SendLoop.isOver(loop.state))
  })
  it("a server waits only so long", () => {
    const loop = new Loop({ patience: 30 }).started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    loop.tell({ _tag: "StopAsked" })
    assert.strictEqual(SendLoop.wakeAt(loop.state), loop.now + 30)
    assert.deepStrictEqual(loop.later(29), [])
    assert.deepStrictEqual(loop.later(1), ["StampDueTimes"])
  })
  it("in our homes the time of the next attempt is written down at once, for whoever looks", () => {
    const loop = new Loop({ classic: false }).started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    assert.include(loop.reports(0, "Zno\n"), "StampDueTime local 7")
    assert.deepInclude(loop.commands.at(-1), { _tag: "StampDueTime", at: EpochSeconds(loop.now + 100) })
    assert.notInclude(loop.tell({ _tag: "StopAsked" }), "StampDueTimes", "one after the other")
    assert.include(loop.tell({ _tag: "DueTimeStamped", id: "7", channel: "local" }), "StampDueTimes")
  })
  it("ALRM: everything is due now", () => {
    const loop = new Loop().started(local("7", 2_000_000))
    assert.include(loop.tell({ _tag: "RunAllAsked" }), "OpenPass local 7")
  })
  it("ALRM while the queue is still being read is for what is read after it too", () => {
    const loop = new Loop()
    assert.notInclude(loop.tell({ _tag: "RunAllAsked" }), "OpenPass local 7")
    assert.include(
      loop.tell({ _tag: "QueueRead", subdirectory: 0, messages: [local("7", 2_000_000)] }),
      "OpenPass local 7"
    )
    const unasked = new Loop()
    assert.notInclude(
      unasked.tell({ _tag: "QueueRead", subdirectory: 0, messages: [local("7", 2_000_000)] }),
      "OpenPass local 7"
    )
  })
  it("[W53] HUP: what was read holds from now on; what cannot be read changes nothing", () => {
    const loop = new Loop({ classic: false }).started()
    assert.deepStrictEqual(loop.tell({ _tag: "RereadAsked" }), ["RereadControls"])
    assert.deepStrictEqual(loop.tell({ _tag: "ControlsReread", outcome: { _tag: "Failed", what: "control/locals" } }), [
      "alert: unable to reread control/locals"
    ])
    assert.strictEqual(loop.state.settings, loop.settings)
    loop.tell({ _tag: "RereadAsked" })
    const read = { ...loop.settings, lifetime: 60 }
    loop.tell({ _tag: "ControlsReread", outcome: { _tag: "Read", settings: read } })
    assert.include(loop.ordered, "status: controls reread")
    assert.strictEqual(loop.state.settings.lifetime, 60)
  })
  it("[W52] with control/autoreload nobody need ask", () => {
    const loop = new Loop({ autoreload: 60 }).started()
    assert.strictEqual(SendLoop.wakeAt(loop.state), loop.now + 60)
    assert.deepStrictEqual(loop.later(60), ["RereadControls"])
  })
  it("a lost spawner ends all, after the deliveries of the other", () => {
    const loop = new Loop().started(local("7", 1))
    loop.opens("7", ["Ta@here"])
    assert.deepStrictEqual(loop.tell({ _tag: "SpawnerLost", channel: "remote" }), [
      "alert: oh no! lost spawn connection! dying..."
    ])
    assert.include(loop.reports(0, "Zno\n"), "StampDueTimes")
  })
  it("so does a lost qmail-clean", () =>
    assert.deepStrictEqual(new Loop().started().tell({ _tag: "CleanerLost" }), [
      "alert: oh no! lost qmail-clean connection! dying...",
      "StampDueTimes"
    ]))
})

describe("Time", () => {
  it("with nothing due, only the next look at todo/ wakes it: it never spins", () => {
    const loop = new Loop().started()
    assert.strictEqual(SendLoop.wakeAt(loop.state), loop.now + 1500)
    assert.strictEqual(TodoWork.nextLook(loop.state), loop.now + 1500)
    assert.isAbove(LeftoverSweep.nextSweep(loop.state)!, loop.now)
    assert.strictEqual(MessageEnd.nextFinish(loop.state), undefined)
  })
  it("what is due but has no free slot wakes nobody", () => {
    const loop = new Loop({ concurrency: { local: 1, remote: 1 } }).started(local("7", 1), local("8", 2))
    loop.opens("7", ["Ta@here"])
    assert.strictEqual(DeliveryPasses.nextStart(loop.state, "local"), undefined)
    assert.isAbove(SendLoop.wakeAt(loop.state)!, loop.now)
  })
  it("a concurrency of 0 holds the mail", () => {
    const loop = new Loop({ concurrency: { local: 0, remote: 0 } }).started(local("7", 1))
    assert.isAbove(SendLoop.wakeAt(loop.state)!, loop.now)
    assert.deepStrictEqual(loop.later(1), [])
  })
})
