/** qreceipt: reads a delivered message and queues the receipt that it may ask for. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as DeliveryReceipt from "../../core/header/DeliveryReceipt.ts"
import * as MessageSplitter from "../../core/header/MessageSplitter.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import { isMissing } from "../platform/Descriptors.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { QueueClient } from "../queue/QueueClient.ts"

export const sendReceipt = Effect.gen(function* () {
  const { arguments: args, environment } = yield* Identity
  const deliveredTo = args[0]
  const sender = environment["SENDER"]
  if (deliveredTo === undefined || sender === undefined)
    return yield* complain("qreceipt: usage: qreceipt deliveryaddress\n")
  const { record } = yield* Home
  const fields = yield* readHeader
  const receipt = DeliveryReceipt.receiptFor(fields, deliveredTo, sender, record.classic)
  if (Result.isFailure(receipt))
    return yield* complain(`qreceipt: fatal: unable to parse this: ${receipt.failure.field}`)
  if (Option.isNone(receipt.success)) return exitSuccess
  return yield* queue(receipt.success.value)
})

const readHeader = Effect.gen(function* () {
  const files = yield* Files
  const unreadable = new Fatal({ exitCode: exitTemporary, text: "read error" })
  if (isMissing(0)) return yield* unreadable
  const fields: Array<ReadonlyArray<ByteString>> = []
  let splitter = MessageSplitter.initial
  while (splitter.part === "header") {
    const bytes = yield* Effect.mapError(files.read(0, chunkBytes, null), () => unreadable)
    const split = bytes.length === 0 ? MessageSplitter.finish(splitter) : MessageSplitter.feed(splitter, bytes)
    fields.push(split.fields)
    splitter = split.splitter
  }
  return fields.flat()
})

const queue = Effect.fnUntraced(function* ({ envelope, message }: DeliveryReceipt.Receipt) {
  const entry = yield* (yield* QueueClient).open("user")
  yield* entry.put(toChunk(message))
  const status = yield* entry.finish(envelope)
  if (status._tag === "Queued") return exitSuccess
  const exitCode: ExitCode = status.outcome === "permanent" ? exitPermanent : exitTemporary
  return yield* new Fatal({ exitCode, text: `${status.outcome} qmail-queue error` })
})

/** The text goes to descriptor 2 as it is. */
const complain = Effect.fnUntraced(function* (text: ByteString) {
  yield* Effect.ignore((yield* Files).write(2, toChunk(text)))
  return exitPermanent
})

const chunkBytes = 65536
