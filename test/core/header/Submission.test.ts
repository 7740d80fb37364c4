import { assert, describe, it } from "@effect/vitest"
import { concat, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import { setOf } from "../../../src/core/control/ControlMap.ts"
import type { Envelope } from "../../../src/core/envelope/Envelope.ts"
import * as Submission from "../../../src/core/header/Submission.ts"
import * as SubmissionOptions from "../../../src/core/header/SubmissionOptions.ts"
import * as SubmittedHeader from "../../../src/core/header/SubmittedHeader.ts"

interface Case {
  /** A home of ours, if false. */
  readonly classic?: boolean
  readonly prefix?: string
  readonly args?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly controls?: Partial<Submission.Input["controls"]>
  readonly lists?: ReadonlyArray<string>
  /** Bytes a chunk. */
  readonly chunk?: number
  readonly answer?: Submission.Event
}

interface Outcome {
  readonly message: string
  readonly printed: string
  readonly envelope: Envelope | undefined
  readonly abandoned: boolean
  readonly exitCode: number
  readonly complaint: string
}

/** Plays the shell: feeds the message, collects the orders, answers for the queue. */
const submit = (
  text: string,
  { answer, args, chunk, classic, controls, environment, lists, prefix }: Case = {}
): Outcome => {
  const message: Array<Uint8Array> = []
  const printed: Array<Uint8Array> = []
  let envelope: Envelope | undefined
  let abandoned = false
  let current = Submission.initial({
    classic: classic ?? true,
    options: SubmissionOptions.parse(args ?? [], { QMAILUSER: "joe", QMAILHOST: "h.example", ...environment }),
    controls: { defaultDomain: "dd", defaultHost: "dh.x", plusDomain: "pd.x", idHost: "id.x", ...controls },
    lists: lists === undefined ? undefined : setOf(lists),
    time: 820631134,
    pid: 42,
    ...(prefix !== undefined && { prefix })
  })
  const take = (): void => {
    for (const command of current.commands) {
      if (command._tag === "PutMessage") message.push(command.bytes)
      if (command._tag === "Print") printed.push(command.bytes)
      if (command._tag === "FinishMessage") envelope = command.envelope
      if (command._tag === "AbandonMessage") abandoned = true
    }
  }
  const tell = (event: Submission.Event): void => {
    current = Submission.decide(current.state, event)
    take()
  }
  take()
  const bytes = toChunk(text)
  for (let at = 0; at < bytes.length && !Submission.isOver(current.state); at += chunk ?? bytes.length)
    tell({ _tag: "BytesRead", bytes: bytes.subarray(at, at + (chunk ?? bytes.length)) })
  if (!Submission.isOver(current.state)) tell({ _tag: "InputEnded" })
  if (!Submission.isOver(current.state)) tell(answer ?? { _tag: "Queued" })
  if (!Submission.isOver(current.state)) throw new Error("not over")
  const { complaint, exitCode } = current.state
  return {
    message: fromChunk(concat(message)),
    printed: fromChunk(concat(printed)),
    envelope,
    abandoned,
    exitCode,
    complaint
  }
}

const complete = "Date: d\nMessage-ID: <m>\nFrom: f@x.y\n"

describe("A submitted message", () => {
  it("gets the fields that it lacks", () =>
    assert.strictEqual(
      submit("Subject: x\n\nbody").message,
      "Date: 3 Jan 1996 01:05:34 -0000\nMessage-ID: <19960103010534.42.qmail@id.x>\nFrom: joe@h.example\n" +
        "Cc: recipient list not shown: ;\nSubject: x\n\nbody\n"
    ))

  it("gets no NUL from control/idhost into its Message-ID", () =>
    assert.include(submit("\n", { controls: { idHost: "id.x\0y" } }).message, ".42.qmail@id.x>\n"))

  it("keeps those that it has, and the order of the others", () =>
    assert.strictEqual(submit(`X: 1\n${complete}To: a@b.c\nX: 2\n\n`).message, `X: 1\n${complete}To: a@b.c\nX: 2\n\n`))

  it("loses Bcc, Return-Path and Content-Length", () =>
    assert.strictEqual(
      submit(`${complete}Bcc: a\nReturn-Path: b\nContent-Length: 7\nResent-Bcc: c\nTo: d@e.f\n\n`).message,
      "Resent-Date: 3 Jan 1996 01:05:34 -0000\nResent-Message-ID: <19960103010534.42.qmail@id.x>\n" +
        "Resent-From: joe@h.example\nResent-Cc: recipient list not shown: ;\n" +
        `${complete}To: d@e.f\n\n`
    ))

  for (const [what, text, recipients] of [
    [
      "To, Cc, Bcc and Apparently-To, each from right to left",
      "To: a, b\nCc: c\nBcc: d\nApparently-To: e\n",
      "b a c d e"
    ],
    ["the same address twice, twice", "To: a, a\nCc: a\n", "a a a"],
    ["Resent fields only, once there is one", "To: a\nResent-To: b\nResent-Cc: c\nResent-Bcc: d\n", "b c d"],
    ["Resent-Date makes it resent: nobody", "To: a\nResent-Date: x\n", ""],
    ["members of a group", "To: g: a, b;\nCc: nobody: ;\n", "b a"],
    [
      "as much as can be read, from the right, of a field that is no list",
      'To: "open\nCc: c\nBcc: w, x>, d\n',
      "c d w,x"
    ]
  ] as const)
    it(`goes to ${what}`, () =>
      assert.deepStrictEqual(
        submit(`${complete}${text}\n`).envelope?.recipients,
        recipients === "" ? [] : recipients.split(" ").map((box) => `${box}@dh.x`)
      ))

  for (const [args, recipients] of [
    [[], "h"],
    [["a"], "a"],
    [["-a"], ""],
    [["-a", "a"], "a"],
    [["-h", "a"], "h"],
    [["-H", "a"], "a h"],
    [["-H"], "h"],
    [["-haA", "a"], "a"],
    [["--", "-a"], "-a"]
  ] as const)
    it(`with [${args.join(" ")}] goes to ${recipients || "nobody"}`, () =>
      assert.deepStrictEqual(
        submit(`${complete}To: h\n\n`, { args }).envelope?.recipients,
        recipients === "" ? [] : recipients.split(" ").map((box) => `${box}@dh.x`)
      ))

  it("takes an argument for an address as it is, blanks and all", () =>
    assert.deepStrictEqual(submit("\n", { args: ["a b@c.d", "A <x@y.z>", ""] }).envelope?.recipients, [
      "a b@c.d",
      "A <x@y.z>",
      ""
    ]))

  it("ends an address at a NUL, so that it cannot say anything else to the queue", () => {
    const { envelope } = submit(`${complete}To: "a\0Tevil@x.y"@b.c\nReturn-Path: "s\0"@x.y\n\n`)
    assert.deepStrictEqual(envelope, { sender: "s", recipients: ["a"] })
  })
})

describe("The sender", () => {
  for (const [what, args, environment, text, sender] of [
    ["is the author", [], {}, "", "joe@h.example"],
    ["is completed", [], { QMAILHOST: "h" }, "", "joe@h.dd"],
    ["is QMAILSUSER at QMAILSHOST", [], { QMAILSUSER: "s", QMAILSHOST: "t.u" }, "", "s@t.u"],
    ["is that of Return-Path", [], {}, "Return-Path: <r@x.y>\n", "r@x.y"],
    ["may be nobody", [], {}, "Return-Path: <>\n", ""],
    ["is the last address of the first Return-Path", [], {}, "Return-Path: a, b\nReturn-Path: c\n", "b@dh.x"],
    ["is not that of Return-Path with letter s", [], { QMAILINJECT: "s" }, "Return-Path: r\n", "joe@h.example"],
    ["is that of -f before all", ["-f", "f"], {}, "Return-Path: r\n", "f@dh.x"],
    ["is that of the last -f", ["-f", "f", "-fg"], {}, "", "g@dh.x"],
    ["may be nobody with -f too", ["-f", ""], {}, "", ""],
    ["has VERP with letter r", [], { QMAILINJECT: "r" }, "", "joe-@h.example-@[]"],
    ["names the message with letter m", [], { QMAILINJECT: "m" }, "", "joe-820631134.42@h.example"],
    ["does both with both", [], { QMAILINJECT: "rm" }, "", "joe-820631134.42-@h.example-@[]"],
    ["has VERP also from Return-Path", [], { QMAILINJECT: "r" }, "Return-Path: r@x.y\n", "r@x.y-@[]"],
    ["has none from -f", ["-f", "f@x.y"], { QMAILINJECT: "r" }, "", "f@x.y"]
  ] as const)
    it(what, () => assert.strictEqual(submit(`${text}\n`, { args, environment }).envelope?.sender, sender))
})

describe("The default From", () => {
  const from = (environment: Record<string, string>): string =>
    /^From:.*$/m.exec(submit("\n", { environment }).message)?.[0] ?? ""
  for (const [environment, field] of [
    [{}, "From: joe@h.example"],
    [{ QMAILUSER: "j oe" }, 'From: "j oe"@h.example'],
    [{ NAME: "Joe User" }, 'From: "Joe User" <joe@h.example>'],
    [{ NAME: "N", MAILNAME: "M", QMAILNAME: "Q" }, 'From: "Q" <joe@h.example>'],
    [{ NAME: 'a"b' }, 'From: "a\\"b" <joe@h.example>'],
    [{ NAME: "Joe", QMAILINJECT: "c" }, "From: joe@h.example (Joe)"],
    [{ NAME: "J)oe", QMAILINJECT: "c" }, "From: joe@h.example (J\\)oe)"],
    [{ NAME: "" }, 'From: "" <joe@h.example>'],
    [{ QMAILHOST: "h+" }, "From: joe@h.pd.x"]
  ] as const)
    it(`with ${JSON.stringify(environment)} is ${field}`, () => assert.strictEqual(from(environment), field))

  it("replaces the user's own with letter f, as a Message-ID with letter i", () => {
    const { message } = submit(`${complete}To: a@b.c\n\n`, { environment: { QMAILINJECT: "fi" } })
    assert.notInclude(message, "f@x.y")
    assert.notInclude(message, "<m>")
    assert.include(message, "From: joe@h.example\n")
  })
})

describe("Mail-Followup-To", () => {
  const followup = (text: string, lists?: ReadonlyArray<string>): string =>
    /^Mail-Followup-To:(?:.*\n )*.*$/m.exec(submit(`${complete}${text}\n`, lists && { lists }).message)?.[0] ?? "none"
  for (const [what, text, lists, field] of [
    [
      "names everybody if one is a list",
      "To: list@x.y, b\nCc: c\n",
      ["LIST@x.y"],
      "Mail-Followup-To: c@dh.x,\n  list@x.y,\n  b@dh.x"
    ],
    ["quotes", 'To: "a b"@c.d, list@x.y\n', ["list@x.y"], 'Mail-Followup-To: "a b"@c.d,\n  list@x.y'],
    ["is not added if none is", "To: a\n", ["list@x.y"], "none"],
    ["does not count Bcc", "Bcc: list@x.y\n", ["list@x.y"], "none"],
    ["stays the user's own", "To: list@x.y\nMail-Followup-To: me\n", ["list@x.y"], "Mail-Followup-To: me"],
    ["is not added to resent mail", "To: list@x.y\nResent-To: a\n", ["list@x.y"], "none"],
    ["is not added without a file", "To: list@x.y\n", undefined, "none"]
  ] as const)
    it(what, () => assert.strictEqual(followup(text, lists), field))
})

describe("What ends a submission", () => {
  for (const [what, text, options, exitCode, complaint] of [
    ["the queue's yes", "\n", {}, 0, ""],
    [
      "a permanent no",
      "\n",
      { answer: { _tag: "QueueRefused", outcome: "permanent", text: "no (#5.7.1)" } },
      100,
      "qmail-inject: fatal: no (#5.7.1)\n"
    ],
    [
      "a temporary no",
      "\n",
      { answer: { _tag: "QueueRefused", outcome: "temporary", text: "wait (#4.3.0)" } },
      111,
      "qmail-inject: fatal: wait (#4.3.0)\n"
    ],
    ["a bad From", "From: (x\n\n", {}, 100, "qmail-inject: fatal: unable to parse this line:\nFrom: (x\n"],
    ["a bad argument", "\n", { args: ['"<a@b>"'] }, 100, 'qmail-inject: fatal: unable to parse address: "<a@b>"\n'],
    [
      "a bad sender",
      "\n",
      { args: ["-f", '"<a@b>"', "-z"] },
      100,
      'qmail-inject: fatal: unable to parse this line:\n"\\"<a"@b>"'
    ],
    ["a bad option", "\n", { args: ["-z"] }, 100, "qmail-inject: illegal option -- z\n"],
    [
      "a bad default host",
      "\n",
      { controls: { defaultHost: "(x" } },
      100,
      "qmail-inject: fatal: unable to parse this line:\n@(x"
    ]
  ] as ReadonlyArray<readonly [string, string, Case, number, string]>)
    it(`${what}: ${exitCode}`, () => {
      const outcome = submit(text, options)
      assert.deepStrictEqual([outcome.exitCode, outcome.complaint], [exitCode, complaint])
    })

  it("input that cannot be read: what was begun is abandoned", () => {
    const begin = Submission.initial({
      classic: true,
      options: SubmissionOptions.parse([], {}),
      controls: { defaultDomain: "d", defaultHost: "h", plusDomain: "p", idHost: "i" },
      lists: undefined,
      time: 0,
      pid: 1
    })
    const inBody = Submission.decide(begin.state, { _tag: "BytesRead", bytes: toChunk("\nx") })
    const failed = Submission.decide(inBody.state, { _tag: "ReadFailed" })
    assert.deepStrictEqual(failed.commands, [{ _tag: "AbandonMessage" }])
    assert.deepInclude(failed.state, { exitCode: 111, complaint: "qmail-inject: fatal: read error\n" })
    assert.deepStrictEqual(Submission.decide(begin.state, { _tag: "ReadFailed" }).commands, [])
  })

  it("a From field made of what the environment says that is none: qmail-queue is started for nothing", () => {
    const refused = (args: ReadonlyArray<string>) => {
      const begin = Submission.initial({
        classic: true,
        options: SubmissionOptions.parse(args, { QMAILHOST: "h: x", QMAILSHOST: "h" }),
        controls: { defaultDomain: "d", defaultHost: "h", plusDomain: "p", idHost: "i" },
        lists: undefined,
        time: 0,
        pid: 1
      })
      return Submission.decide(begin.state, { _tag: "BytesRead", bytes: toChunk("\n") })
    }
    const complaint = "qmail-inject: fatal: unable to parse this line:\nFrom: anonymous@h: x\n"
    assert.deepInclude(refused([]).state, { exitCode: 100, complaint })
    assert.deepStrictEqual(refused([]).commands, [{ _tag: "OpenQueue" }, { _tag: "AbandonMessage" }])
    assert.deepStrictEqual(refused(["-n"]).commands, [])
  })

  it("output that cannot be written, also the last of it", () => {
    const over = Submission.decide(
      { _tag: "Over", exitCode: 0, complaint: "" },
      { _tag: "PrintFailed", reason: "out of disk space" }
    )
    assert.deepInclude(over.state, {
      exitCode: 111,
      complaint: "qmail-inject: fatal: unable to write output: out of disk space\n"
    })
  })
})

describe("In our homes", () => {
  const ours = (text: string, given: Case = {}) => submit(text, { classic: false, ...given })

  for (const [args, recipients] of [
    [["a@b.c, d@e.f"], "a@b.c d@e.f"],
    [["Joe <a@b.c>", "x"], "a@b.c x@dh.x"],
    [["<a@b+>"], "a@b.pd.x"],
    [["a@b (Joe)"], "a@b.dd"],
    [["g: a@b.c, d;"], "a@b.c d@dh.x"],
    [['"a b"@c.d'], "a b@c.d"],
    [["-H", "a@b.c"], "a@b.c h@dh.x"]
  ] as ReadonlyArray<readonly [ReadonlyArray<string>, string]>)
    it(`[${args.join(" | ")}] names ${recipients}`, () => {
      const { envelope } = ours(`${complete}To: h\n\n`, { args })
      assert.deepStrictEqual(
        envelope?.recipients.map((address) => address.replaceAll(" ", "_")),
        recipients.replaceAll("a b", "a_b").split(" ")
      )
    })

  for (const [args, sender] of [
    [["-f", ""], ""],
    [["-f", "<>"], ""],
    [["-f<>"], ""],
    [["-f", "<me@x>"], "me@x.dd"],
    [["-f", "Joe <me@x.y>"], "me@x.y"],
    [["-f", "me@x.y (Joe)"], "me@x.y"],
    [["-f", "me"], "me@dh.x"],
    [["-f", '"m e"@x.y'], "m e@x.y"],
    [["-f", "#@[]"], "#@[]"]
  ] as const)
    it(`[${args.join(" ")}] is the sender ${sender || "<>"}`, () =>
      assert.strictEqual(ours("To: a\n\n", { args }).envelope?.sender, sender))

  for (const [what, text, given, complaint] of [
    ["a recipient that is none", "\n", { args: ["a@x>"] }, "unable to parse address: a@x>"],
    ["an empty recipient", "\n", { args: [""] }, "unable to parse address: "],
    ["two words", "\n", { args: ["Joe a@x"] }, "unable to parse address: Joe a@x"],
    ["a line end in a recipient", "\n", { args: ['"a\nX: y"@x'] }, 'unable to parse address: "a?X: y"@x'],
    ["two senders", "\n", { args: ["-f", "a, b", "c"] }, "unable to parse address: a, b"],
    ["a sender that is none", "\n", { args: ["-f", "x>", "c"] }, "unable to parse address: x>"],
    ["nobody", "\n", {}, "no recipients: neither the arguments nor the header name one"],
    [
      "nobody in the header",
      `${complete}To: nobody: ;\n\n`,
      {},
      "no recipients: neither the arguments nor the header name one"
    ],
    ["nobody but <>", `${complete}To: <>\n\n`, {}, "no recipients: neither the arguments nor the header name one"],
    [
      "nobody among the arguments",
      "To: a\n\n",
      { args: ["-a"] },
      "no recipients: neither the arguments nor the header name one"
    ],
    ["a control character in a recipient field", 'To: "a\rb"@c\n\n', {}, "control character in address: a?b@c.dd"],
    ["a NUL in a recipient field", 'To: "a\0b"@c\n\n', {}, "control character in address: a?b@c.dd"],
    ["one in Return-Path", 'To: a\nReturn-Path: "a\x1b"@c\n\n', {}, "control character in address: a?@c.dd"],
    [
      "one in QMAILUSER",
      "To: a\n\n",
      { environment: { QMAILUSER: "a\nX: y" } },
      "control character in the user: a?X: y"
    ],
    [
      "one in QMAILIDHOST",
      "To: a\n\n",
      { environment: { QMAILIDHOST: "a\nX: y" } },
      "control character in the host of message IDs: a?X: y"
    ]
  ] as ReadonlyArray<readonly [string, string, Case, string]>)
    it(`${what}: 100, and nothing is queued`, () => {
      const outcome = ours(text, given)
      assert.deepStrictEqual(
        [outcome.exitCode, outcome.complaint, outcome.envelope, outcome.message],
        [100, `qmail-inject: fatal: ${complaint}\n`, undefined, ""]
      )
    })

  it("a name is shown without its line ends, and an empty one not at all", () => {
    const from = (environment: Record<string, string>) =>
      /^From:.*$/m.exec(ours("To: a\n\n", { environment }).message)?.[0]
    assert.strictEqual(from({ MAILNAME: "Joe\nBcc: x@y" }), 'From: "Joe Bcc: x@y" <joe@h.example>')
    assert.strictEqual(from({ MAILNAME: "Joe\r\nBcc: x", QMAILINJECT: "c" }), "From: joe@h.example (Joe  Bcc: x)")
    assert.strictEqual(from({ MAILNAME: "" }), "From: joe@h.example")
  })

  it("a control file with odd bytes writes no odd Message-ID", () =>
    assert.match(ours("To: a\n\n", { controls: { idHost: "id.x\r\x07" } }).message, /^Message-ID: <\S+@id\.x>$/m))

  it("nobody needs to be named to print", () => assert.strictEqual(ours("\n", { args: ["-n"] }).exitCode, 0))

  it("a text with CR LF is queued with LF, wherever it is cut; with another first line end it stays", () => {
    const text = `${complete}To: a@b.c\nSubject: x\n y\n\nbody\nX: \r.\n.\n`
    for (const chunk of [1, 2, 3, 5, 64, 4096])
      assert.deepStrictEqual(ours(text.replaceAll("\n", "\r\n"), { chunk }), ours(text, { chunk: 7 }))
    assert.include(ours(`${complete}To: a@b.c\nX: y\r\n\r\nbody\r\n`).message, "\r\nbody\r\n")
    assert.include(submit(text.replaceAll("\n", "\r\n"), {}).message, "body\r\n")
  })

  it("what is put before a text does not count as its first line", () => {
    const { envelope, message } = ours("line\r\nanother\r\n", { prefix: "Subject: s\nTo: a@b.c\n\n", chunk: 5 })
    assert.isTrue(message.endsWith("Subject: s\nTo: a@b.c\n\nline\nanother\n"), message)
    assert.deepStrictEqual(envelope?.recipients, ["a@b.c"])
  })
})

describe("Laws of Submission", () => {
  const texts = [
    `${complete}To: a, B <b@c+>, g: d;\nBcc: e\n\nbody\nwithout end`,
    "no header at all\nTo: x\n",
    "From joe\nTo: a\n continued\nSubject: \xff\0\n\n\0",
    ""
  ]
  for (const text of texts)
    it(`is the same wherever ${JSON.stringify(text.slice(0, 20))} is cut`, () => {
      for (const chunk of [1, 2, 3, 7, 64]) assert.deepStrictEqual(submit(text, { chunk }), submit(text))
    })

  it("[W26] printing what was printed changes nothing", () => {
    for (const text of texts) {
      const { envelope, printed } = submit(text, { args: ["-n"] })
      assert.isUndefined(envelope)
      assert.strictEqual(submit(printed, { args: ["-n"] }).printed, printed)
    }
  })

  it("[W154] a long line of the body stays as it is", () => {
    const line = "x".repeat(1 << 20)
    assert.isTrue(submit(`${complete}\n${line}`, { chunk: 65536 }).message.endsWith(`\n\n${line}\n`))
  })

  it("[W122] takes a header of ten megabytes", () => {
    const box = "user@host.example"
    const to = `To: ${Array.from({ length: 300_000 }, () => box).join(",\n ")}\n`
    const received = "Received: by x\n".repeat(300_000)
    const { envelope, message } = submit(`${received}${to}\nbody\n`, { chunk: 65536 })
    assert.strictEqual(envelope?.recipients.length, 300_000)
    assert.isTrue(message.endsWith("\n\nbody\n"))
  })

  // Each of these took a multiple of its size squared, or the whole stack, if it were not read once from end to end.
  const size = 1_000_000
  for (const [what, header, recipients] of [
    ["a field of one word", `Subject: ${"x".repeat(size)}\n`, 0],
    ["a name that never ends", `${"x".repeat(size)}\n`, 0],
    ["short fields", "X: 1\n".repeat(size / 5), 0],
    ["continuation lines", `X: 1\n${" x\n".repeat(size / 3)}`, 0],
    ["one list of addresses", `To: ${"a@b.c,".repeat(size / 8)}a\n`, size / 8 + 1],
    ["Bcc fields", "Bcc: a@b.c\n".repeat(size / 16), size / 16],
    ["Resent fields", "Resent-To: a@b.c\n".repeat(size / 16), size / 16],
    ["a deep comment", `To: ${"(".repeat(size)}${")".repeat(size)} a\n`, 1],
    ["a comment that never ends", `To: ${"(".repeat(size)}a\n`, 0],
    ["comments that never end", "To: ((((((((a\n".repeat(size / 16), 0],
    ["a quoted string that never ends", `To: "${"x".repeat(size)}\n`, 0],
    ["backslashes", `To: "${"\\a".repeat(size)}"\n`, 1],
    ["groups", `To: ${"g: a, b;, ".repeat(size / 16)}a\n`, size / 8 + 1],
    ["groups that never end", `To: ${"g: ".repeat(size)}a\n`, 1],
    ["brackets that never close", `To: ${"<".repeat(size / 8)}a\n`, 1],
    ["routes", `To: <${"@a,".repeat(size / 8)}:b@c.d>\n`, 1],
    ["addresses without commas", `To: ${"a@b.c ".repeat(size / 16)}\n`, size / 16]
  ] as const)
    it(`takes ${what}, by the million`, () => {
      const { envelope, exitCode } = submit(`${complete}${header}\n`, { chunk: 4096 })
      assert.deepStrictEqual([exitCode, envelope?.recipients.length], [0, recipients])
    })

  it("takes a header in any number of chunks", () => {
    const { envelope } = submit(`${complete}${"To: a\n".repeat(50_000)}To: ${"b, ".repeat(50_000)}c\n\n`, { chunk: 3 })
    assert.strictEqual(envelope?.recipients.length, 100_001)
  })

  it("[W21] control bytes in a header pass", () =>
    assert.include(submit("Subject: a\x07\x08b\n\n").message, "Subject: a\x07\x08b\n"))
})

describe("SubmittedHeader.complete", () => {
  it("folds at the width that it is given", () => {
    const given = {
      classic: true,
      options: SubmissionOptions.parse([], { USER: "u" }),
      hosts: { defaultDomain: [], defaultHost: [{ _tag: "@" }, { _tag: "Atom", text: "h" }], plusDomain: [] },
      idHost: "i",
      lists: undefined,
      time: 0,
      pid: 1
    } as const
    for (const [width, to] of [
      [0, "To: aaaa@h, bbbb@h, cccc@h\n"],
      [22, "To: aaaa@h, bbbb@h,\n  cccc@h\n"],
      [10, "To: aaaa@h,\n  bbbb@h,\n  cccc@h\n"]
    ] as const) {
      const { success } = SubmittedHeader.complete(["To: aaaa, bbbb, cccc\n"], "s", [], { ...given, width }) as {
        success: SubmittedHeader.Submitted
      }
      assert.isTrue(success.header.endsWith(to), success.header)
    }
  })
})
