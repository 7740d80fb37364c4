/** maildir2mbox: moves the messages of a Maildir to the end of an mbox, for readers that know no Maildir. */
import * as Effect from "effect/Effect"
import * as Mailboxes from "../../core/local/Mailboxes.ts"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import { exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { type FileCalls, Files, type FilesError } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import * as MaildirListing from "../local/MaildirListing.ts"
import { Fatal } from "../platform/Main.ts"

export const convert = Effect.gen(function* () {
  const mail = yield* variable("MAIL")
  const fresh = yield* variable("MAILTMP")
  const maildir = yield* variable("MAILDIR")
  const files = yield* Files
  yield* orFatal(files.stat(maildir === "" ? "" : `${maildir}/.`), `chdir to ${maildir}`)
  yield* MaildirListing.clean(maildir)
  for (const subdirectory of ["new", "cur"] as const)
    yield* orFatal(files.list(`${maildir}/${subdirectory}`), `scan $MAILDIR/${subdirectory}`)
  const messages = yield* orFatal(MaildirListing.messages(maildir), "scan $MAILDIR")
  if (messages.length === 0) return exitSuccess
  const box = yield* orFatal(files.open(absolute(maildir, mail), "append", 0o600), `lock ${mail}`)
  const locks = yield* Locks
  return yield* locks.whileLocked(box, Infinity, (answer) =>
    answer._tag === "Locked"
      ? move({ mail, fresh, maildir, messages })
      : fail(`lock ${mail}: ${answer._tag === "Unavailable" ? systemText(answer.errno) : "no locks available"}`)
  )
})

interface Removal {
  readonly mail: ByteString
  readonly fresh: ByteString
  readonly maildir: ByteString
  readonly messages: ReadonlyArray<Mailboxes.Stored>
}

/** The new mbox is whole on disk before it takes the place of the old one; only then do the messages go. */
const move = Effect.fnUntraced(function* ({ fresh, maildir, mail, messages }: Removal) {
  const files = yield* Files
  const { record } = yield* Home
  const [from, to] = [absolute(maildir, mail), absolute(maildir, fresh)]
  const out = yield* orFatal(files.open(to, "replace", 0o600), `create ${fresh}`)
  const put = (bytes: Uint8Array) => orFatal(files.write(out, bytes), `write to ${fresh}`)
  yield* eachPiece(files, from, mail, put)
  for (const { modified, name } of messages)
    yield* appendOne(files, { path: `${maildir}/${name}`, shown: `$MAILDIR/${name}`, modified }, put, record.classic)
  yield* orFatal(Effect.andThen(files.fsync(out), files.close(out)), `write to ${fresh}`)
  yield* orFatal(files.rename(to, from), `move ${fresh} to ${mail}`)
  yield* orFatal(files.syncDirectory(from.replace(/[^/]*$/, "")), `move ${fresh} to ${mail}`)
  for (const { name } of messages)
    yield* files.unlink(`${maildir}/${name}`).pipe(Effect.catch(({ errno }) => warn(files, name, systemText(errno))))
  return exitSuccess
})

interface Source {
  readonly path: ByteString
  /** How it is called in messages. */
  readonly shown: ByteString
  readonly modified: number
}

type Put = (bytes: Uint8Array) => Effect.Effect<void, Fatal>

/** qmail's program loses a last line without a line feed. In a classic home so do we; elsewhere it gets one. */
const appendOne = Effect.fnUntraced(function* (
  files: FileCalls,
  { modified, path, shown }: Source,
  put: Put,
  losesPartialLine: boolean
) {
  let whole = Infinity
  let firstLine = ""
  let offset = 0
  yield* eachPiece(files, path, shown, (piece) =>
    Effect.sync(() => {
      if (offset === 0) firstLine = fromChunk(piece, 0, piece.indexOf(lineFeed) + 1)
      const last = piece.lastIndexOf(lineFeed)
      if (last >= 0) whole = offset + last + 1
      else if (offset === 0) whole = 0
      offset += piece.length
    })
  )
  const end = losesPartialLine ? whole : offset
  yield* put(toChunk(Mailboxes.storedFromLine(firstLine, Math.floor(modified))))
  let quoting = Mailboxes.quotingStart
  offset = 0
  yield* eachPiece(files, path, shown, (piece) => {
    const [next, quoted] = Mailboxes.quote(quoting, piece.subarray(0, Math.max(0, end - offset)))
    quoting = next
    offset += piece.length
    return Effect.forEach(quoted, put, { discard: true })
  })
  yield* put(Mailboxes.quotingEnd(quoting))
})

const eachPiece = (
  files: FileCalls,
  path: ByteString,
  shown: ByteString,
  use: (piece: Uint8Array) => Effect.Effect<void, Fatal>
): Effect.Effect<void, Fatal> => {
  const reading = <A>(effect: Effect.Effect<A, FilesError>) => orFatal(effect, `read ${shown}`)
  return Effect.acquireUseRelease(
    reading(files.open(path, "readNonBlocking")),
    (fd) =>
      Effect.gen(function* () {
        for (;;) {
          const piece = yield* reading(files.read(fd, pieceBytes, null))
          if (piece.length === 0) return
          yield* use(piece)
        }
      }),
    (fd) => Effect.ignore(files.close(fd))
  )
}

/** qmail's program stands in the Maildir: MAIL and MAILTMP count from there. */
const absolute = (maildir: ByteString, path: ByteString): ByteString =>
  path === "" || path[0] === "/" ? path : `${maildir}/${path}`

const variable = (name: ByteString) =>
  Effect.flatMap(Identity, ({ environment }) => {
    const value = environment[name]
    return value === undefined
      ? Effect.fail(new Fatal({ exitCode: exitTemporary, text: `${name} not set` }))
      : Effect.succeed(value)
  })

const warn = (files: FileCalls, name: ByteString, reason: ByteString) =>
  Effect.ignore(
    files.write(
      2,
      toChunk(`maildir2mbox: warning: $MAILDIR/${name} will be delivered twice; unable to unlink: ${reason}\n`)
    )
  )

const fail = (what: ByteString) => Effect.fail(new Fatal({ exitCode: exitTemporary, text: `unable to ${what}` }))

const orFatal = <A, R>(effect: Effect.Effect<A, FilesError, R>, what: ByteString): Effect.Effect<A, Fatal, R> =>
  Effect.catch(effect, ({ errno }) => fail(`${what}: ${systemText(errno)}`))

const lineFeed = 10
const pieceBytes = 65536
