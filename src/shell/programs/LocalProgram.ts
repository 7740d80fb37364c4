/** qmail-local: one delivery, in a process that has nothing else to do. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as LocalArguments from "../../core/local/LocalArguments.ts"
import * as Mailboxes from "../../core/local/Mailboxes.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { type Errno, exitPermanent } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { type Manner, perform } from "../local/LocalAgent.ts"

export const program = Effect.gen(function* () {
  const identity = yield* Identity
  const files = yield* Files
  const print = (fd: number, text: ByteString) => Effect.ignore(files.write(fd, toChunk(text)))
  const parsed = LocalArguments.parse(identity.arguments)
  if (Result.isFailure(parsed)) {
    yield* print(2, parsed.failure)
    return exitPermanent
  }
  process.umask(0o077)
  const { address, describes } = parsed.success
  let count = 0
  const manner: Manner = {
    describes,
    nextName: (milliseconds) =>
      Mailboxes.classicName({
        time: Math.floor(milliseconds / 1000),
        pid: identity.pid,
        count: count++,
        hostName: identity.hostName
      }),
    say: (what, text) => print(what === "report" ? 1 : 2, text),
    listen: undefined
  }
  return yield* withOwnInput((message) => perform({ ...address, message }, manner))
})

/** A path of the message: descriptor 0 itself, or a private copy where it may be read but not opened again. */
const withOwnInput = <A, R>(use: (message: ByteString) => Effect.Effect<A, never, R>) =>
  Effect.gen(function* () {
    const files = yield* Files
    const attempt = yield* Effect.result(files.open(ownInput, "readNonBlocking"))
    if (Result.isSuccess(attempt)) yield* Effect.ignore(files.close(attempt.success))
    const isClosed = Result.isFailure(attempt) && mayNotReopen.has(attempt.failure.errno)
    const copied = isClosed ? yield* Effect.option(copyInput) : Option.none()
    return yield* Option.match(copied, {
      onNone: () => use(ownInput),
      onSome: (copy) => Effect.ensuring(use(copy), Effect.ignore(files.unlink(copy)))
    })
  })

const copyInput = Effect.gen(function* () {
  const files = yield* Files
  const { pid } = yield* Identity
  const copy = `/tmp/qmail-local.${pid}.${yield* Clock.currentTimeMillis}`
  yield* Effect.acquireUseRelease(
    files.open(copy, "create", 0o600),
    (fd) => copyFrom(files, fd),
    (fd) => Effect.ignore(files.close(fd))
  )
  return copy
})

const copyFrom = Effect.fnUntraced(function* (files: Files["Service"], fd: number) {
  for (let offset = 0; ;) {
    const piece = yield* files.read(0, pieceBytes, offset)
    if (piece.length === 0) return
    yield* files.write(fd, piece)
    offset += piece.length
  }
})

const mayNotReopen: ReadonlySet<Errno> = new Set(["EACCES", "EPERM", "ENOENT"])
const pieceBytes = 65536

/** Opens the file of descriptor 0 anew, from its beginning: node can move no offset. */
const ownInput = "/proc/self/fd/0"
