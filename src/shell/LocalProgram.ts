/** qmail-local: one delivery, in a process that has nothing else to do. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as LocalArguments from "../core/alias/LocalArguments.ts"
import * as Mailboxes from "../core/alias/Mailboxes.ts"
import { type ByteString, toChunk } from "../core/Bytes.ts"
import { exitPermanent } from "../core/Outcome.ts"
import { Files } from "./Files.ts"
import { Identity } from "./Identity.ts"
import { type Manner, perform } from "./LocalAgent.ts"

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
  return yield* perform({ ...address, message: ownInput }, manner)
})

/** Opens the file of descriptor 0 anew, from its beginning: node can move no offset. */
const ownInput = "/proc/self/fd/0"
