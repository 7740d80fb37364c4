/** maildirwatch: shows the new messages of $MAILDIR, again and again. */
import * as Effect from "effect/Effect"
import * as MaildirSummary from "../../core/local/MaildirSummary.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import * as MaildirListing from "../local/MaildirListing.ts"
import { Fatal } from "../platform/Main.ts"

export const maildirwatch = Effect.gen(function* () {
  const { MAILDIR } = (yield* Identity).environment
  if (MAILDIR === undefined) return yield* fail("MAILDIR not set")
  const files = yield* Files
  yield* files
    .stat(`${MAILDIR}/.`)
    .pipe(Effect.catch(({ errno }) => fail(`unable to chdir to ${MAILDIR}: ${systemText(errno)}`)))
  for (;;) {
    const picture = yield* draw(MAILDIR)
    yield* files
      .write(1, toChunk(picture))
      .pipe(Effect.catch(({ errno }) => fail(`unable to write: ${systemText(errno)}`)))
    yield* Effect.sleep(pauseMillis)
  }
})

export const draw = Effect.fnUntraced(function* (maildir: ByteString) {
  yield* MaildirListing.clean(maildir)
  const messages = yield* MaildirListing.fresh(maildir).pipe(
    Effect.catch(({ errno }) => fail(`unable to scan $MAILDIR/new: ${systemText(errno)}`))
  )
  let picture = MaildirSummary.clearScreen
  for (const { name } of messages) picture += yield* Effect.orElseSucceed(summaryOf(`${maildir}/${name}`), () => "")
  return picture
})

/** Whoever reads the mail meanwhile takes it away: then there is nothing to show. */
const summaryOf = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  return yield* Effect.acquireUseRelease(
    files.open(path, "readNonBlocking"),
    (fd) =>
      Effect.gen(function* () {
        let summary = MaildirSummary.initial
        while (!MaildirSummary.isFull(summary)) {
          const piece = yield* files.read(fd, pieceBytes, null)
          if (piece.length === 0) break
          summary = MaildirSummary.feed(summary, piece)
        }
        return MaildirSummary.show(MaildirSummary.finish(summary))
      }),
    (fd) => Effect.ignore(files.close(fd))
  )
})

const fail = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitTemporary, text }))

const pauseMillis = 30_000
const pieceBytes = 4096
