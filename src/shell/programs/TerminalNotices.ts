/** qbiff: tells a user on his terminals that mail has come. It never fails: it is only a courtesy. */
import * as Effect from "effect/Effect"
import * as TerminalNotice from "../../core/local/TerminalNotice.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { exitSuccess } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"

export const qbiff = Effect.gen(function* () {
  const { environment } = yield* Identity
  const { LOCAL, SENDER, USER } = environment
  if (USER === undefined || SENDER === undefined || LOCAL === undefined) return exitSuccess
  const files = yield* Files
  const records = yield* Effect.catch(files.readFile("/run/utmp"), () => files.readFile("/var/run/utmp"))
  const terminals = TerminalNotice.terminalsOf(USER, records)
  if (terminals.length === 0) return exitSuccess
  const notice = toChunk(TerminalNotice.notice(LOCAL, SENDER, yield* excerptOf(0, TerminalNotice.noticeBytesMax)))
  for (const terminal of terminals) yield* Effect.ignore(tell(terminal, notice))
  return exitSuccess
}).pipe(Effect.orElseSucceed(() => exitSuccess))

/** Subject and beginning of the message on a descriptor. */
export const excerptOf = Effect.fnUntraced(function* (fd: number, most: number) {
  const files = yield* Files
  let excerpt = TerminalNotice.excerpt(most)
  while (!TerminalNotice.isFull(excerpt)) {
    const piece = yield* files.read(fd, pieceBytes, null)
    if (piece.length === 0) break
    excerpt = TerminalNotice.feed(excerpt, piece)
  }
  return TerminalNotice.finish(excerpt)
})

/** Only on a terminal of his own on which he said `biff y`. */
const tell = Effect.fnUntraced(function* (terminal: ByteString, notice: Uint8Array) {
  const files = yield* Files
  const { uid } = yield* Identity
  yield* Effect.acquireUseRelease(
    files.open(`/dev/${terminal}`, "writeNonBlocking"),
    (fd) =>
      Effect.flatMap(files.fstat(fd), (stat) =>
        TerminalNotice.wantsNotice(stat, uid) ? files.write(fd, notice) : Effect.void
      ),
    (fd) => Effect.ignore(files.close(fd))
  )
})

const pieceBytes = 4096
