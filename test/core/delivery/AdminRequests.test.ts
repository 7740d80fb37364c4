import { assert, describe, it } from "@effect/vitest"
import * as ControlMap from "../../../src/core/control/ControlMap.ts"
import * as AdminRequests from "../../../src/core/delivery/AdminRequests.ts"
import * as SendLoop from "../../../src/core/delivery/SendLoop.ts"
import type { FoundMessage } from "../../../src/core/delivery/FoundMessage.ts"
import type { Command, Fact, Preprocessed, Settings } from "../../../src/core/delivery/SendState.ts"
import * as Steering from "../../../src/core/delivery/Steering.ts"
import { heldUntil } from "../../../src/core/queue/QueuedMessage.ts"
import type { Outcome, QueueRequest, Verb, Work } from "../../../src/core/admin/QueueRequest.ts"
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
  concurrency: { local: 1, remote: 1 },
  concurrencyTotal: undefined,
  concurrencyBounce: 4,
  passQuantum: 0,
  classicPass: false,
  syncBounce: true,
  autoreload: 0,
  bounce: { from: "MAILER-DAEMON", host: "here", doubleTo: "postmaster@here" },
  patience: 10
}

const later = EpochSeconds(5000)
const waiting = (id: string, due: number = later): FoundMessage => ({ id, due: { local: EpochSeconds(due) } })
const asking = (verb: Verb, ...ids: ReadonlyArray<string>): QueueRequest => ({
  verb,
  reason: "it was asked for",
  targets: ids.map((id) => ({ id, written: 1, recipients: undefined }))
})
const found = (request: QueueRequest, asker = 1): Fact => ({ _tag: "RequestCame", found: { asker, request } })
const applied = (
  request: QueueRequest,
  outcomes: ReadonlyArray<Outcome>,
  messages: ReadonlyArray<FoundMessage> = [],
  answered = true
): Fact => ({ _tag: "RequestApplied", request, outcomes, messages, answered })
const done = (id: string): Outcome => ({ _tag: "Done", id })

/** A send loop that has read its queue, found nothing new, nothing abandoned and no requests. */
const running = (...messages: ReadonlyArray<FoundMessage>) => {
  let { state } = SendLoop.initial({ now: EpochSeconds(1000), settings })
  const tell = (fact: Fact, now = 1000): ReadonlyArray<Command> => {
    const step = SendLoop.decide(state, { now: EpochSeconds(now), fact })
    state = step.state
    return step.commands
  }
  tell({ _tag: "QueueRead", subdirectory: 0, messages })
  tell({ _tag: "TodoListed", ids: [] })
  tell({ _tag: "NotesTaken", ok: true, notes: [] })
  const told = (fact: Fact, now = 1000) => tell(fact, now).map(said)
  return { tell, told, state: () => state }
}
const said = (command: Command): string => {
  if (command._tag === "Log") return command.line
  if (command._tag !== "ApplyRequest") return "id" in command ? `${command._tag} ${command.id}` : command._tag
  const { busy, request } = command
  return `${request.verb} ${request.targets.map(({ id }) => id).join(" ")} busy ${busy.map(({ id, why }) => `${id} ${why}`).join(" ")}`.trim()
}

const fresh = (id: string, settled: boolean): Preprocessed => ({
  id,
  routes,
  started: true,
  settled,
  bytes: 100,
  told: [{ sender: "me@here", qp: 7, uid: 1 }],
  birth: EpochSeconds(1000),
  recipients: { local: { records: [{ position: 0, done: false, recipient: "you@here" }] } }
})
const opened: Fact = {
  _tag: "PassOpened",
  id: "7",
  channel: "local",
  sender: "s@x",
  birth: EpochSeconds(900),
  records: [{ position: 0, done: false, recipient: "you@here" }],
  next: { _tag: "End" }
}

describe("Requests of the administrator", () => {
  it("wait until the queue is read", () => {
    const { state } = SendLoop.initial({ now: EpochSeconds(1000), settings })
    const tell = (fact: Fact) => SendLoop.decide(state, { now: EpochSeconds(1000), fact }).commands.map(said)
    assert.deepStrictEqual(tell(found(asking("hold", "7"))), [])
    const begun = tell({ _tag: "QueueRead", subdirectory: 0, messages: [waiting("7")] })
    assert.include(begun, "TakeNotes")
    assert.include(begun, "hold 7 busy")
  })
  it("are not begun by a server that is told to stop", () => {
    const loop = running(waiting("7"))
    loop.tell({ _tag: "StopAsked" })
    assert.deepStrictEqual(loop.told(found(asking("hold", "7"))), [])
  })
  it("leave no message in a queue while its files are changed, and then its files say when it is due", () => {
    const loop = running(waiting("7"))
    const hold = asking("hold", "7")
    assert.deepStrictEqual(loop.told(found(hold)), ["hold 7 busy"])
    assert.notInclude(loop.told({ _tag: "Woke" }, 6000), "OpenPass 7")
    assert.notInclude(loop.told({ _tag: "RunAllAsked" }, 6000), "OpenPass 7")
    assert.include(
      loop.told(applied(hold, [done("7")], [waiting("7", heldUntil)]), 6000),
      "admin: hold msg 7: it_was_asked_for"
    )
    assert.notInclude(loop.told({ _tag: "RunAllAsked" }, 6000), "OpenPass 7")
    const release = asking("release", "7")
    loop.told(found(release), 6000)
    assert.include(loop.told(applied(release, [done("7")], [waiting("7", 6000)]), 6000), "OpenPass 7")
  })
  it("are done one after the other", () => {
    const loop = running(waiting("7"), waiting("8"))
    const [first, second] = [asking("hold", "7"), asking("hold", "8")]
    assert.deepStrictEqual(loop.told(found(first)), ["hold 7 busy"])
    assert.deepStrictEqual(loop.told(found(second, 2)), [])
    assert.include(loop.told(applied(first, [done("7")], [waiting("7", heldUntil)])), "hold 8 busy")
  })
  it("that cannot be understood are answered with nothing, and the log says why", () => {
    const found = { asker: 1, request: undefined, trouble: "unknown verb: dance" }
    assert.deepStrictEqual(running().told({ _tag: "RequestCame", found }), [
      "warning: unable to understand a request of the administrator: unknown_verb:_dance",
      "retry  busy"
    ])
  })
  it("name whom to answer", () => {
    const [command] = running(waiting("7")).tell(found(asking("hold", "7"), 42))
    assert.strictEqual(command?._tag === "ApplyRequest" && command.asker, 42)
  })
  it("that cannot be answered are told to the log", () =>
    assert.include(
      running().told(applied(asking("hold"), [], [], false)),
      "warning: unable to answer a request of the administrator: nobody waits for it"
    ))
})

describe("Notes of the time when no server ran", () => {
  it("are logged", () =>
    assert.include(
      running().told({ _tag: "NotesTaken", ok: true, notes: ["admin: delete msg 5: sp\x1bam"] }),
      "admin: delete msg 5: sp_am (while stopped)"
    ))
  it("that cannot be read are missed", () =>
    assert.deepStrictEqual(running().told({ _tag: "NotesTaken", ok: false, notes: [] }), [
      "alert: trouble reading directory lock/request"
    ]))
})

describe("Nothing is asked", () => {
  it("of whoever begins, and of the next one no other thing than of him", () => {
    assert.deepStrictEqual([Steering.none().waiting, [...Steering.none().edited]], [[], []])
    assert.notStrictEqual(Steering.none().waiting, Steering.none().waiting)
  })
})

/** What is asked meanwhile, of a message in each of the states in which it may not be changed. */
const verbs: ReadonlyArray<Verb> = ["retry", "hold", "release", "bounce", "delete"]
type Loop = ReturnType<typeof running>
const answers = (loop: Loop, id = "7"): ReadonlyArray<string> =>
  verbs.map((verb) => {
    const request = asking(verb, id)
    const [said] = loop.told(found(request))
    loop.told(applied({ ...request, targets: [] }, []))
    return said!
  })
const report = (text: string): Fact => ({ _tag: "Reported", channel: "local", slot: 0, report: text })
const sorted = (loop: Loop, id: string): void => {
  loop.tell({ _tag: "TodoPulled", ids: [id] })
  loop.tell({ _tag: "TodoPreprocessed", result: fresh(id, false) })
}
const endsOf = (loop: Loop, verdict: Extract<Fact, { _tag: "MessageInspected" }>["verdict"]): void => {
  loop.tell(opened)
  loop.tell(report("K\n"))
  loop.tell({ _tag: "RecipientsRemoved", id: "7", channel: "local", ok: true, other: "absent", hasBounce: "perhaps" })
  loop.tell({ _tag: "MessageInspected", id: "7", verdict })
}

describe("A message that is worked on stays as it is, and whoever asks is told which work that is:", () => {
  for (const [title, why, due, act] of [
    ["its recipients are being read", "starting", 1000, () => {}],
    ["it is being delivered", "delivering", 1000, (loop) => loop.tell(opened)],
    [
      "a delivery has failed, and the paragraph of its bounce is being written",
      "recording",
      1000,
      (loop) => [opened, report("Dno\n")].forEach((fact) => loop.tell(fact))
    ],
    [
      "it was deferred, and the time of its next attempt is being written down",
      "recording",
      1000,
      (loop) => [opened, report("Zno\n")].forEach((fact) => loop.tell(fact))
    ],
    [
      "its last recipient has it, and the file of recipients is being removed",
      "recording",
      1000,
      (loop) => [opened, report("K\n")].forEach((fact) => loop.tell(fact))
    ],
    [
      "its sender is being told",
      "ending",
      1000,
      (loop) => endsOf(loop, { _tag: "Finished", sender: "s@x", hasBounce: true })
    ],
    [
      "its files are being removed",
      "ending",
      1000,
      (loop) => endsOf(loop, { _tag: "Finished", sender: "s@x", hasBounce: false })
    ],
    ["it is in todo, and being sorted", "sorting", undefined, (loop) => loop.tell({ _tag: "TodoPulled", ids: ["7"] })],
    ["it is tried straight from todo", "delivering", undefined, (loop) => sorted(loop, "7")],
    [
      "it was tried straight from todo, and gets its files after a failure",
      "recording",
      undefined,
      (loop) => (sorted(loop, "7"), loop.tell(report("Zno\n")))
    ],
    [
      "it went straight from todo to its recipient",
      "ending",
      undefined,
      (loop) => (sorted(loop, "7"), loop.tell(report("K\n")))
    ]
  ] as ReadonlyArray<readonly [string, Work, number | undefined, (loop: Loop) => unknown]>)
    it(`${title}: ${why}`, () => {
      const loop = due === undefined ? running() : running(waiting("7", due))
      act(loop)
      assert.deepStrictEqual(
        answers(loop),
        verbs.map((verb) => `${verb}  busy 7 ${why}`)
      )
    })
  it("its files are looked at again: reading", () => {
    const loop = running({ id: "7", due: {}, trouble: "local/0/7" })
    assert.include(loop.told({ _tag: "Woke" }, 1123), "LookUpMessage 7")
    assert.deepStrictEqual(
      answers(loop),
      verbs.map((verb) => `${verb}  busy 7 reading`)
    )
  })
  it("others of the same request are done", () => {
    const loop = running(waiting("7", 1000), waiting("8"))
    assert.deepStrictEqual(loop.told(found(asking("delete", "7", "8", "9"))), ["delete 8 9 busy 7 starting"])
  })
  it("one that another channel has is free again", () => {
    const loop = running(waiting("7", 1000))
    endsOf(loop, { _tag: "NotOurs" })
    assert.deepStrictEqual(loop.told(found(asking("delete", "7"))), ["delete 7 busy"])
  })
  it("one whose next attempt is written down is free again", () => {
    const loop = running(waiting("7", 1000))
    for (const fact of [opened, report("Zno\n")]) loop.tell(fact)
    loop.tell({ _tag: "DueTimeStamped", id: "7", channel: "local" })
    assert.deepStrictEqual(loop.told(found(asking("delete", "7"))), ["delete 7 busy"])
  })
})

describe("A new message that nobody has begun with", () => {
  for (const settled of [true, false])
    it(`is not begun with while it is changed, ${settled ? "preprocessed" : "or straight from todo"}`, () => {
      const loop = running()
      loop.told({ _tag: "TodoPulled", ids: ["7", "8"] })
      assert.include(loop.told({ _tag: "TodoPreprocessed", result: fresh("7", settled) }), "StartDelivery 7")
      loop.told({ _tag: "TodoPreprocessed", result: fresh("8", settled) })
      const request = asking("delete", "7", "8")
      assert.deepStrictEqual(loop.told(found(request)), ["delete 8 busy 7 delivering"])
      assert.notInclude(loop.told({ _tag: "TodoPulled", ids: ["8"] }), "PreprocessTodo 8")
      assert.notInclude(
        loop.told({ _tag: "Reported", channel: "local", slot: 0, report: "K\n" }).join("\n"),
        "starting delivery 2"
      )
      const targets = request.targets.filter(({ id }) => id === "8")
      assert.include(loop.told(applied({ ...request, targets }, [done("8")])), "ListTodo")
      assert.include(loop.told({ _tag: "TodoPulled", ids: ["8"] }), "PreprocessTodo 8", "the number is free again")
    })
})

describe("A message that was deleted", () => {
  const request = asking("delete", "7")
  it("is not looked for: its number may be another's", () => {
    const partial: QueueRequest = {
      ...request,
      targets: [
        { id: "1", written: 1, recipients: undefined },
        { id: "2", written: 1, recipients: [{ channel: "local", position: 0 }] },
        { id: "3", written: 1, recipients: undefined },
        { id: "3", written: 1, recipients: undefined }
      ]
    }
    const outcomes: ReadonlyArray<Outcome> = [done("1"), done("2"), { _tag: "NotThere", id: "3" }]
    assert.deepStrictEqual(AdminRequests.stillThere(partial, outcomes), ["2", "3"])
    assert.deepStrictEqual(AdminRequests.stillThere(asking("bounce", "7"), [done("7")]), ["7"])
  })
  it("has ended, for whoever reads the log", () => {
    const loop = running(waiting("7"))
    loop.told(found(request))
    assert.deepStrictEqual(loop.told(applied(request, [done("7")])).slice(0, 2), [
      "admin: delete msg 7: it_was_asked_for",
      "end msg 7"
    ])
  })
  it("is not taken for abandoned by a look at mess/ that saw it going", () => {
    const loop = running(waiting("7"), waiting("8"))
    loop.told(found(request))
    assert.notInclude(loop.told({ _tag: "MessSwept", subdirectory: 0, abandoned: ["7"] }), "RemoveAbandoned 7")
  })
  it("nor by one that comes back after it is gone", () => {
    const loop = running(waiting("7"))
    loop.told(found(request))
    loop.told(applied(request, [done("7")]))
    assert.notInclude(loop.told({ _tag: "MessSwept", subdirectory: 0, abandoned: ["7"] }), "RemoveAbandoned 7")
  })
})
