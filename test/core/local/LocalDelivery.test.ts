import { assert, describe, it } from "@effect/vitest"
import * as LocalDelivery from "../../../src/core/local/LocalDelivery.ts"

type World = Partial<{
  [Tag in Exclude<LocalDelivery.Command["_tag"], "Say">]: (
    command: Extract<LocalDelivery.Command, { readonly _tag: Tag }>
  ) => LocalDelivery.Event
}>

const order: LocalDelivery.Order = {
  address: {
    user: "joe",
    homedir: "/home/joe",
    local: "joe",
    dash: "",
    ext: "",
    domain: "x",
    sender: "s@y",
    defaultDelivery: "./Mailbox"
  },
  describes: false,
  classic: true,
  patrn: 0o002,
  now: 0
}

const calm: Required<World> = {
  EnterHome: () => ({ _tag: "HomeEntered", mode: 0o755 }),
  LookForLine: () => ({ _tag: "LineSought", isThere: false }),
  ReadDotQmail: () => ({ _tag: "DotQmailAbsent" }),
  LookForOwner: () => ({ _tag: "OwnerNotSeen", errno: "ENOENT" }),
  WriteMaildir: () => ({ _tag: "Delivered" }),
  AppendMbox: () => ({ _tag: "Delivered" }),
  RunProgram: () => ({ _tag: "ProgramEnded", ending: { _tag: "Exited", exitCode: 0 } }),
  QueueForward: () => ({ _tag: "ForwardAnswered", status: { _tag: "Queued", qp: 7 } })
}

const file =
  (content: string, mode = 0o644): Required<World>["ReadDotQmail"] =>
  () => ({ _tag: "DotQmailRead", mode, content })

const exit =
  (exitCode: number): Required<World>["RunProgram"] =>
  () => ({ _tag: "ProgramEnded", ending: { _tag: "Exited", exitCode } })

/** Runs the machine in a world: what it ordered, what it said, and the exit code. */
const run = (world: World, changes: Partial<LocalDelivery.Order> = {}) => {
  const commands: Array<Exclude<LocalDelivery.Command, { readonly _tag: "Say" }>> = []
  let said = ""
  let current = LocalDelivery.initial({ ...order, ...changes })
  for (;;) {
    let event: LocalDelivery.Event | undefined
    for (const command of current.commands) {
      if (command._tag === "Say") said += command.text
      else {
        commands.push(command)
        event = ({ ...calm, ...world }[command._tag] as (c: typeof command) => LocalDelivery.Event)(command)
      }
    }
    if (LocalDelivery.isOver(current.state)) return { commands, said, exitCode: current.state.exitCode }
    current = LocalDelivery.decide(current.state, event!)
  }
}

const tags = (world: World, changes: Partial<LocalDelivery.Order> = {}) =>
  run(world, changes).commands.map(({ _tag }) => _tag)

const look = ["EnterHome", "LookForLine", "ReadDotQmail"] as const

describe("LocalDelivery: what is done", () => {
  it("home, loop, .qmail, then its lines in order, and all forwards as one message at the end", () => {
    const content = "./Maildir/\n&a@b\n|cmd\n./mbox\nc@d\n"
    const { commands, exitCode, said } = run({ ReadDotQmail: file(content) })
    assert.deepStrictEqual(
      commands.map(({ _tag }) => _tag),
      [...look, "LookForOwner", "WriteMaildir", "RunProgram", "AppendMbox", "QueueForward"]
    )
    assert.deepStrictEqual(commands.at(-1), {
      _tag: "QueueForward",
      head: "Delivered-To: joe@x\n",
      sender: "s@y",
      recipients: ["a@b", "c@d"]
    })
    assert.strictEqual(said, "did 2+2+1\nqp 7\n")
    assert.strictEqual(exitCode, 0)
  })
  it("without a .qmail file, or with an empty one, the default delivery", () => {
    for (const world of [{}, { ReadDotQmail: file("") }, { ReadDotQmail: file("", 0o744) }]) {
      const { commands, said } = run(world)
      assert.strictEqual(said, "did 1+0+0\n")
      assert.deepInclude(commands.at(-1)!, { _tag: "AppendMbox", file: "/home/joe/Mailbox" })
    }
  })
  it("a mailbox does not ask who owns the list", () =>
    assert.notInclude(tags({ ReadDotQmail: file("./Maildir/\n") }), "LookForOwner"))
  it("an mbox entry begins with From_, Return-Path, Delivered-To; a Maildir file with the last two", () => {
    const { commands } = run({ ReadDotQmail: file("./mbox\n/m/\n") })
    assert.deepStrictEqual(commands.slice(-2), [
      {
        _tag: "AppendMbox",
        file: "/home/joe/mbox",
        head: "From s@y Thu Jan 01 00:00:00 1970\nReturn-Path: <s@y>\nDelivered-To: joe@x\n"
      },
      { _tag: "WriteMaildir", directory: "/m/", head: "Return-Path: <s@y>\nDelivered-To: joe@x\n" }
    ])
  })
  it("a path, a command, an address end at a NUL", () => {
    const { commands } = run({ ReadDotQmail: file("./m\0x\n|c\0d\n&a\0b\n") })
    assert.deepInclude(commands.at(-3)!, { file: "/home/joe/m" })
    assert.deepInclude(commands.at(-2)!, { command: "c" })
    assert.deepInclude(commands.at(-1)!, { recipients: ["a"] })
  })
})

describe("LocalDelivery: owners", () => {
  const list = { address: { ...order.address, local: "joe-l", dash: "-", ext: "l" } }
  const thereIs =
    (...files: ReadonlyArray<string>): Required<World>["LookForOwner"] =>
    (command) =>
      files.includes(command.file) ? { _tag: "OwnerThere" } : { _tag: "OwnerNotSeen", errno: "ENOENT" }
  for (const [what, owners, sender] of [
    ["no owner file", [], "s@y"],
    ["an owner file", [".qmail-l-owner"], "joe-l-owner@x"],
    ["both", [".qmail-l-owner", ".qmail-l-owner-default"], "joe-l-owner-@x-@[]"],
    ["only the default", [".qmail-l-owner-default"], "s@y"]
  ] as const)
    it(`${what}: forwards come from ${sender}`, () => {
      const { commands } = run({ ReadDotQmail: file("&a@b\n"), LookForOwner: thereIs(...owners) }, list)
      assert.deepInclude(commands.at(-1)!, { sender })
    })
  it("a disk in trouble holds the mail", () => {
    const { exitCode, said } = run(
      { ReadDotQmail: file("&a@b\n"), LookForOwner: () => ({ _tag: "OwnerNotSeen", errno: "EIO" }) },
      list
    )
    assert.strictEqual(said, "Unable to open .qmail-l-owner: input/output error. (#4.3.0)\n")
    assert.strictEqual(exitCode, 111)
  })
})

describe("LocalDelivery: what a program's exit means", () => {
  const content = "./a\n|cmd\n./b\n&f@g\n"
  for (const [codes, exitCode, last, said] of [
    [[0], 0, "QueueForward", "did 2+1+1\nqp 7\n"],
    [[99], 0, "RunProgram", "did 1+0+1\n"],
    [[100, 64, 65, 70, 76, 77, 78, 112], 100, "RunProgram", ""],
    [[111, 1, 2, 63, 71, 74, 75, 98, 101, 127, 255], 111, "RunProgram", ""]
  ] as const)
    for (const code of codes)
      it(`${code} ends the delivery with ${exitCode}, after ${last}`, () => {
        const outcome = run({ ReadDotQmail: file(content), RunProgram: exit(code) })
        assert.strictEqual(outcome.exitCode, exitCode)
        assert.strictEqual(outcome.commands.at(-1)?._tag, last)
        assert.strictEqual(outcome.said, said)
      })
})

describe("LocalDelivery: a .qmail file from an editor of another system", () => {
  for (const [content, complaint] of [
    ["&a@b\n./Maildir/\r\n", "line 2 of .qmail file ends with a carriage return"],
    ["./Maildir/\n+list\r\n|cmd\n", "line 2 of .qmail file ends with a carriage return"],
    ["\xef\xbb\xbf./Maildir/\n", "line 1 of .qmail file begins with a byte order mark"],
    ["\xff\xfe.\0/\0m\0", ".qmail file is UTF-16 text"]
  ] as const)
    it(`${JSON.stringify(content)} delivers nothing and is tried again`, () => {
      const { commands, exitCode, said } = run({ ReadDotQmail: file(content) }, { classic: false })
      assert.deepStrictEqual([exitCode, said], [111, `Uh-oh: ${complaint}. (#4.2.1)\n`])
      assert.notInclude(["WriteMaildir", "AppendMbox", "RunProgram", "QueueForward"], commands.at(-1)!._tag)
    })
  it("so does the default delivery", () => {
    const address = { ...order.address, defaultDelivery: "./Maildir/\r" }
    assert.strictEqual(run({}, { classic: false, address }).exitCode, 111)
  })
  it("a qmail home takes CR for a part of the name", () =>
    assert.deepInclude(run({ ReadDotQmail: file("./Maildir/\r\n") }).commands.at(-1), {
      _tag: "AppendMbox",
      file: "/home/joe/Maildir/\r"
    }))
})

describe("LocalDelivery: refusals", () => {
  const complaint = (world: World, changes: Partial<LocalDelivery.Order> = {}) => {
    const { exitCode, said } = run(world, changes)
    return `${exitCode} ${said}`
  }
  for (const [what, world, expected] of [
    [
      "a home that anyone may write",
      { EnterHome: () => ({ _tag: "HomeEntered", mode: 0o757 }) },
      "111 Uh-oh: home directory is writable. (#4.7.0)\n"
    ],
    [
      "a sticky home",
      { EnterHome: () => ({ _tag: "HomeEntered", mode: 0o1755 }) },
      "111 Home directory is sticky: user is editing his .qmail file. (#4.2.1)\n"
    ],
    [
      "no home",
      { EnterHome: () => ({ _tag: "HomeClosed", errno: "ENOENT" }) },
      "111 Unable to switch to /home/joe: file does not exist. (#4.3.0)\n"
    ],
    [
      "a loop",
      { LookForLine: () => ({ _tag: "LineSought", isThere: true }) },
      "100 This message is looping: it already has my Delivered-To line. (#5.4.6)\n"
    ],
    [
      "an unreadable message",
      { LookForLine: () => ({ _tag: "MessageUnreadable", errno: "EIO" }) },
      "111 Unable to read message: input/output error. (#4.3.0)\n"
    ],
    [
      "a message on a pipe",
      { LookForLine: () => ({ _tag: "MessageNotRewound" }) },
      "111 Unable to rewind message. (#4.3.0)\n"
    ],
    [
      "a .qmail that anyone may write",
      { ReadDotQmail: file("&a@b\n", 0o646) },
      "111 Uh-oh: .qmail file is writable. (#4.7.0)\n"
    ],
    [
      "a .qmail that may not be read",
      { ReadDotQmail: () => ({ _tag: "DotQmailClosed", errno: "EACCES" }) },
      "111 Unable to open .qmail: access denied. (#4.3.0)\n"
    ],
    [
      "a blank first line",
      { ReadDotQmail: file("\n&a@b\n") },
      "111 Uh-oh: first line of .qmail file is blank. (#4.2.1)\n"
    ],
    [
      "a mailbox in a list",
      { ReadDotQmail: file("./mbox\n", 0o744) },
      "111 Uh-oh: .qmail has file delivery but has x bit set. (#4.7.0)\n"
    ],
    [
      "a program in a list",
      { ReadDotQmail: file("+list\n|cmd\n") },
      "111 Uh-oh: .qmail has prog delivery but has x bit set. (#4.7.0)\n"
    ],
    [
      "no Maildir",
      { ReadDotQmail: file("./M/\n"), WriteMaildir: () => ({ _tag: "MaildirFailed", trouble: "noMaildir" }) },
      "111 Unable to chdir to maildir. (#4.2.1)\n"
    ],
    [
      "an mbox that cannot be opened",
      { AppendMbox: () => ({ _tag: "MboxFailed", trouble: { _tag: "NotOpened", errno: "ENOENT" } }) },
      "111 Unable to open ./Mailbox: file does not exist. (#4.2.1)\n"
    ],
    [
      "an mbox that stays locked",
      { AppendMbox: () => ({ _tag: "MboxFailed", trouble: { _tag: "StaysLocked" } }) },
      "111 File has been locked for 30 seconds straight. (#4.3.0)\n"
    ],
    [
      "a full disk",
      { AppendMbox: () => ({ _tag: "MboxFailed", trouble: { _tag: "NotWritten", errno: "ENOSPC" } }) },
      "111 Unable to write ./Mailbox: out of disk space. (#4.3.0)\n"
    ],
    [
      "a program that crashed",
      {
        ReadDotQmail: file("|x\n"),
        RunProgram: () => ({ _tag: "ProgramEnded", ending: { _tag: "Killed", signal: "SIGKILL" } })
      },
      "111 Aack, child crashed. (#4.3.0)\n"
    ],
    [
      "no shell",
      { ReadDotQmail: file("|x\n"), RunProgram: () => ({ _tag: "ProgramNotRun", errno: "ENOENT" }) },
      "111 Unable to run /bin/sh: file does not exist. (#4.3.0)\n"
    ],
    [
      "a forward that waits",
      {
        ReadDotQmail: file("&a@b\n"),
        QueueForward: () => ({
          _tag: "ForwardAnswered",
          status: { _tag: "Refused", outcome: "temporary", text: "qq read error (#4.3.0)" }
        })
      },
      "111 Unable to forward message: qq read error (#4.3.0).\n"
    ],
    [
      "a forward refused",
      {
        ReadDotQmail: file("&a@b\n"),
        QueueForward: () => ({
          _tag: "ForwardAnswered",
          status: { _tag: "Refused", outcome: "permanent", text: "no (#5.3.0)" }
        })
      },
      "100 Unable to forward message: no (#5.3.0).\n"
    ]
  ] as ReadonlyArray<readonly [string, World, string]>)
    it(what, () => assert.strictEqual(complaint(world), expected))

  it("an extension that nobody answers bounces; the user himself always has a mailbox", () => {
    const address = { ...order.address, local: "joe-x", dash: "-", ext: "x" }
    assert.strictEqual(complaint({}, { address }), "100 Sorry, no mailbox here by that name. (#5.1.1)\n")
  })
  it("what was delivered before stays delivered", () => {
    const world = { ReadDotQmail: file("./a\n|x\n"), RunProgram: exit(100) }
    assert.deepStrictEqual(tags(world), [...look, "LookForOwner", "AppendMbox", "RunProgram"])
  })
})

describe("LocalDelivery: describing", () => {
  const describes = { describes: true }
  it("says each line and does nothing", () => {
    const { commands, said } = run({ ReadDotQmail: file("./M/\n./m\n|c\n&a@b\n+list\n") }, describes)
    assert.deepStrictEqual(
      commands.map(({ _tag }) => _tag),
      ["EnterHome", "ReadDotQmail"]
    )
    assert.strictEqual(said, "maildir ./M/\nmbox ./m\nprogram c\nforward a@b\ndid 2+1+1\n")
  })
  it("a sticky home is a warning", () => {
    const { exitCode, said } = run({ EnterHome: () => ({ _tag: "HomeEntered", mode: 0o1755 }) }, describes)
    assert.strictEqual(said, "Warning: home directory is sticky.\nmbox ./Mailbox\ndid 1+0+0\n")
    assert.strictEqual(exitCode, 0)
  })
  it("says what comes before the line that is refused", () => {
    const { exitCode, said } = run({ ReadDotQmail: file("&a@b\n+list\n./m\n&c@d\n") }, describes)
    assert.strictEqual(said, "forward a@b\nUh-oh: .qmail has file delivery but has x bit set. (#4.7.0)\n")
    assert.strictEqual(exitCode, 111)
  })
})

it("a list of a hundred thousand addresses is no problem", () => {
  const addresses = Array.from({ length: 100_000 }, (_, i) => `r${i}@x`)
  const { commands, said } = run({ ReadDotQmail: file(`${addresses.join("\n")}\n`, 0o744) })
  assert.deepStrictEqual((commands.at(-1) as { recipients: ReadonlyArray<string> }).recipients, addresses)
  assert.strictEqual(said, "did 0+100000+0\nqp 7\n")
})
