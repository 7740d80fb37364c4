/** What lies in a Maildir, for those who read it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Mailboxes from "../../core/local/Mailboxes.ts"
import type { ByteString } from "../../core/Bytes.ts"
import { Files } from "../platform/Files.ts"

const nowInSeconds = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

/** Removes what deliveries that never ended have left in tmp. Whatever goes wrong, there is another time. */
export const clean = Effect.fnUntraced(function* (maildir: ByteString) {
  const files = yield* Files
  const now = yield* nowInSeconds
  const names = yield* Effect.orElseSucceed(files.list(`${maildir}/tmp`), () => [])
  for (const name of names.filter(Mailboxes.isVisible)) {
    const path = `${maildir}/tmp/${name}`
    yield* files.stat(path).pipe(
      Effect.flatMap(({ atime }) => (Mailboxes.isStale(atime, now) ? files.unlink(path) : Effect.void)),
      Effect.ignore
    )
  }
})

/** The messages of new or cur, in the order of the directory. Who vanishes meanwhile is not listed. */
export const list = Effect.fnUntraced(function* (maildir: ByteString, subdirectory: "new" | "cur") {
  const files = yield* Files
  const found: Array<Mailboxes.Stored> = []
  for (const name of (yield* files.list(`${maildir}/${subdirectory}`)).filter(Mailboxes.isVisible)) {
    const path = `${subdirectory}/${name}`
    yield* files.stat(`${maildir}/${path}`).pipe(
      Effect.map(({ bytes, mtime }) => void found.push({ name: path, modified: mtime, bytes })),
      Effect.ignore
    )
  }
  return found
})

/** New, then cur; oldest first. */
export const messages = Effect.fnUntraced(function* (maildir: ByteString) {
  const unseen = yield* list(maildir, "new")
  const seen = yield* list(maildir, "cur")
  return Mailboxes.inOrder([...unseen, ...seen], yield* nowInSeconds)
})

/** New only; oldest first. */
export const fresh = Effect.fnUntraced(function* (maildir: ByteString) {
  return Mailboxes.inOrder(yield* list(maildir, "new"), yield* nowInSeconds)
})
