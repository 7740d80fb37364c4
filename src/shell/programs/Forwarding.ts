/** forward: the message of descriptor 0, marked with our Delivered-To line, goes to other addresses. */
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as Envelope from "../../core/envelope/Envelope.ts"
import { exitPermanent, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { QueueClient } from "../queue/QueueClient.ts"

/** Queues a copy in the name of the sender that this variable holds; answers with the number of the queue program. */
export const sendCopy = Effect.fnUntraced(function* (
  senderVariable: "NEWSENDER" | "SENDER",
  recipients: ReadonlyArray<ByteString>,
  from: "rewound" | "here"
) {
  const sender = yield* variable(senderVariable)
  const { record } = yield* Home
  const refusal = Envelope.refusal({ sender, recipients }, record.classic)
  if (refusal !== undefined) return yield* fail(exitPermanent, refusal)
  const mark = yield* variable("DTLINE")
  const files = yield* Files
  const entry = yield* (yield* QueueClient).open("user")
  yield* entry.put(toChunk(mark))
  for (let offset = 0; ;) {
    const piece = yield* files
      .read(0, pieceBytes, from === "here" ? null : offset)
      .pipe(
        Effect.catch(({ errno }) =>
          Effect.andThen(entry.abandon, fail(exitTemporary, `unable to read message: ${systemText(errno)}`))
        )
      )
    if (piece.length === 0) break
    yield* entry.put(piece)
    offset += piece.length
  }
  const status = yield* entry.finish({ sender, recipients })
  if (status._tag === "Queued") return status.qp
  return yield* fail(status.outcome === "permanent" ? exitPermanent : exitTemporary, status.text)
})

export const forward = Effect.gen(function* () {
  const qp = yield* sendCopy("NEWSENDER", (yield* Identity).arguments, "here")
  yield* Effect.ignore((yield* Files).write(2, toChunk(`forward: qp ${qp}\n`)))
  return exitSuccess
})

const variable = (name: ByteString) =>
  Effect.flatMap(Identity, ({ environment }) => {
    const value = environment[name]
    return value === undefined ? fail(exitPermanent, `${name} not set`) : Effect.succeed(value)
  })

const fail = (exitCode: number, text: ByteString) => Effect.fail(new Fatal({ exitCode, text }))

const pieceBytes = 65536
