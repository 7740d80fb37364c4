/** queue/lock/server: who serves this queue, and where. It may be old: ServerProcess says whether that process still serves. */
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"

export interface Server {
  readonly pid: number
  readonly addresses: ReadonlyArray<ByteString>
}

const pathOf = (home: ByteString): ByteString => `${home}/queue/lock/server`

/** Not worth a failure: a full disk has no room for it. */
export const write = Effect.fnUntraced(function* (addresses: ReadonlyArray<ByteString>) {
  const files = yield* Files
  const file = pathOf((yield* Home).path)
  const { pid } = yield* Identity
  const server: Server = { pid, addresses }
  yield* Effect.ignore(
    Effect.acquireUseRelease(
      files.open(`${file}.new`, "replace", 0o644),
      (fd) => files.write(fd, toChunk(`${JSON.stringify(server)}\n`)),
      (fd) => Effect.ignore(files.close(fd))
    ).pipe(
      Effect.andThen(files.rename(`${file}.new`, file)),
      Effect.tapError(() => Effect.ignore(files.unlink(`${file}.new`)))
    )
  )
  return { remove: Effect.ignore(files.unlink(file)) }
})

export const read = Effect.gen(function* () {
  const files = yield* Files
  const content = yield* orIfAbsent(files.readFile(pathOf((yield* Home).path)), () => undefined)
  return content === undefined ? undefined : parse(fromChunk(content))
})

const parse = (text: ByteString): Server | undefined => {
  try {
    const server = JSON.parse(text) as Partial<Server>
    return typeof server.pid === "number" && server.pid > 0 ? (server as Server) : undefined
  } catch {
    return undefined
  }
}

/** The lines that scripts and people wait for. */
export const say = Effect.fnUntraced(function* (addresses: ReadonlyArray<ByteString>) {
  const files = yield* Files
  const lines = addresses.map((address) => `ready smtp ${address}\n`).join("")
  yield* Effect.ignore(files.write(1, toChunk(lines)))
})
