// How long qmail-inject's machine takes for large headers of every shape, at half the size and at the whole: a ratio
// near 2 is linear. CPU seconds, not elapsed ones; a line of JSON a shape. `node bench/headers.mjs [megabytes] [shape...]`
import { toChunk } from "../src/core/Bytes.ts"
import * as DeliveryReceipt from "../src/core/header/DeliveryReceipt.ts"
import * as MessageSplitter from "../src/core/header/MessageSplitter.ts"
import * as Submission from "../src/core/header/Submission.ts"
import * as SubmissionOptions from "../src/core/header/SubmissionOptions.ts"
import { countHops, noHops } from "../src/core/header/TraceFields.ts"

const [size = "10", ...wanted] = process.argv.slice(2)
const megabytes = Number(size)

const times = (unit, bytes) => unit.repeat(Math.floor(bytes / unit.length))
const nested = (open, close, bytes) => open.repeat(bytes / 2) + close.repeat(bytes / 2)

/** A header of about so many bytes. */
const shapes = {
  "one unstructured field": (bytes) => `Subject: ${times("word ", bytes)}\n`,
  "one unstructured field, one word": (bytes) => `X-Any: ${times("x", bytes)}\n`,
  "one To with many addresses": (bytes) => `To: ${times("joe@exam.test, ", bytes)}a@b.c\n`,
  "one To, an address a line": (bytes) => `To: a@b.c${times(",\n joe@exam.test", bytes)}\n`,
  "one To with names": (bytes) => `To: ${times('"J. User" <joe@exam.test>, ', bytes)}a@b.c\n`,
  "one To without commas": (bytes) => `To: ${times("joe@exam.test ", bytes)}\n`,
  "many To fields": (bytes) => times("To: joe@exam.test\n", bytes),
  "many Bcc fields": (bytes) => times("Bcc: joe@exam.test\n", bytes),
  "short fields": (bytes) => times("X-A: 123\n", bytes),
  "the shortest fields": (bytes) => times("a:\n", bytes),
  "Received fields": (bytes) => times("Received: by x\n", bytes),
  "Resent fields": (bytes) => times("Resent-To: a@b.c\nResent-Date: x\n", bytes),
  "From fields": (bytes) => times("From: a@b.c\n", bytes),
  "Return-Path fields": (bytes) => times("Return-Path: <a@b.c>\n", bytes),
  "mailbox lines": (bytes) => times("From x\n", bytes),
  "continuation lines": (bytes) => `X-A: 1\n${times(" x\n", bytes)}`,
  "continuation lines of To": (bytes) => `To: a\n${times(" ,a\n", bytes)}`,
  "empty continuation lines": (bytes) => `To: a\n${times(" \n", bytes)}`,
  "a deep comment": (bytes) => `To: ${nested("(", ")", bytes)} a@b.c\n`,
  "a deep comment in From": (bytes) => `From: ${nested("(", ")", bytes)} a@b.c\n`,
  "an open comment": (bytes) => `To: ${times("(", bytes)}\n`,
  "open comments, many fields": (bytes) => times("To: ((((\n", bytes),
  "an open quote": (bytes) => `To: "${times("x", bytes)}\n`,
  quotes: (bytes) => `To: ${times('""', bytes)}\n`,
  backslashes: (bytes) => `To: ${times("\\", bytes)}\n`,
  "backslashes in quotes": (bytes) => `To: "${times("\\a", bytes)}"\n`,
  "backslashes in an atom": (bytes) => `To: ${times("a\\b", bytes)}\n`,
  "empty comments": (bytes) => `To: ${times("()", bytes)} a@b.c\n`,
  literals: (bytes) => `To: ${times("[]", bytes)}\n`,
  groups: (bytes) => `To: ${times("g:a,b;,", bytes)}a\n`,
  "open groups": (bytes) => `To: ${times("g:", bytes)}\n`,
  "closed groups never opened": (bytes) => `To: ${times("a;", bytes)}\n`,
  brackets: (bytes) => `To: ${times("<", bytes)}\n`,
  "closing brackets": (bytes) => `To: ${times(">", bytes)}\n`,
  routes: (bytes) => `To: <${times("@a,", bytes)}:b@c>\n`,
  ats: (bytes) => `To: ${times("a@", bytes)}\n`,
  dots: (bytes) => `To: ${times(".", bytes)}\n`,
  "dotted atoms": (bytes) => `To: ${times("a.", bytes)}b@c\n`,
  pluses: (bytes) => `To: ${times("a@b+,", bytes)}a\n`,
  commas: (bytes) => `To: ${times(",", bytes)}\n`,
  blanks: (bytes) => `To: ${times(" ", bytes)}a\n`,
  "blanks before the colon": (bytes) => `To${times(" ", bytes)}: a@b.c\n`,
  "a name without an end": (bytes) => `${times("x", bytes)}\n`,
  "a name of ten megabytes": (bytes) => `${times("x", bytes)}: y\n`,
  "bytes above 127": (bytes) => `To: ${times("\xe4,", bytes)}a\n`,
  "a notice asked for": (bytes) => `Notice-Requested-Upon-Delivery-To: ${times("joe@exam.test, ", bytes)}a@b.c\n`
}

const chunkBytes = 65536
const chunksOf = function* (bytes) {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

const input = (args, environment) => ({
  options: SubmissionOptions.parse(args, { QMAILUSER: "joe", QMAILHOST: "h.example", ...environment }),
  controls: { defaultDomain: "dd", defaultHost: "dh.x", plusDomain: "pd.x", idHost: "id.x" },
  classic: true,
  lists: undefined,
  time: 820631134,
  pid: 42
})

const submitted = (bytes, args = []) => {
  let { state } = Submission.initial(input(args))
  const tell = (event) => {
    if (!Submission.isOver(state)) ({ state } = Submission.decide(state, event))
  }
  for (const chunk of chunksOf(bytes)) tell({ _tag: "BytesRead", bytes: chunk })
  tell({ _tag: "InputEnded" })
  tell({ _tag: "Queued" })
}

const received = (bytes) => {
  let splitter = MessageSplitter.initial
  const fields = []
  let hops = noHops
  for (const chunk of chunksOf(bytes)) {
    hops = countHops(hops, chunk)
    const split = MessageSplitter.feed(splitter, chunk)
    splitter = split.splitter
    for (const field of split.fields) fields.push(field)
  }
  DeliveryReceipt.receiptFor(fields, "a@b.c", "s@x.y")
}

const named = (bytes) => {
  const boxes = Array.from({ length: bytes / 16 }, (_, i) => `user${i}@exam.test`)
  submitted(toChunk("\n"), boxes)
}

const cpuSeconds = (work) => {
  globalThis.gc?.()
  const before = process.cpuUsage()
  work()
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1e6
}

const works = [
  ...Object.entries(shapes).map(([name, shape]) => [name, (bytes) => [toChunk(`${shape(bytes)}\nbody\n`), submitted]]),
  ...["Received fields", "a notice asked for", "continuation lines", "short fields"].map((name) => [
    `receipt: ${name}`,
    (bytes) => [toChunk(`${shapes[name](bytes)}\nbody\n`), received]
  ]),
  ["recipients as arguments", (bytes) => [bytes, named]]
]
for (const [name, make] of works) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue
  const [half, whole] = [0.5, 1].map((part) => {
    const [given, work] = make(megabytes * part * 1e6)
    try {
      return cpuSeconds(() => work(given))
    } catch (error) {
      return error.message
    }
  })
  console.log(JSON.stringify({ shape: name, megabytes, half, whole, ratio: Number((whole / half).toFixed(1)) }))
}
