/**
 * The way to a running server: a socket in its queue on which it is asked and answers. Nothing is written for it, so
 * that it also works on a disk that is full.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import type { FoundRequest } from "../../core/delivery/Steering.ts"
import * as QueueRequest from "../../core/admin/QueueRequest.ts"
import { type FileCalls, Files, FilesError, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"

/** For the server. */
export interface Door {
  readonly next: Effect.Effect<FoundRequest>
  /** False: the asker has gone, and nothing is to be done for it. */
  readonly isWaiting: (asker: number) => boolean
  /** False: the asker is not there any more. */
  readonly answer: (asker: number, outcomes: ReadonlyArray<QueueRequest.Outcome>) => Effect.Effect<boolean>
}

/** Nobody comes. */
export const closedDoor: Door = {
  next: Effect.never,
  isWaiting: () => false,
  answer: () => Effect.succeed(false)
}

/** `nobody`: no server listens, or it ended before it answered. `silent`: it did not answer in time. */
export type Answer = ReadonlyArray<QueueRequest.Outcome> | "nobody" | "silent"

export interface AdminSocketCalls {
  /** Open until the scope closes. Only for the process that holds lock/sendmutex. */
  readonly listen: Effect.Effect<Door, FilesError, Scope.Scope>
  readonly ask: (request: QueueRequest.QueueRequest) => Effect.Effect<Answer, FilesError>
}

export class AdminSocket extends Context.Service<AdminSocket, AdminSocketCalls>()("thresher/shell/AdminSocket") {
  static readonly layer: Layer.Layer<AdminSocket, never, Files | Home> = Layer.effect(
    AdminSocket,
    Effect.gen(function* () {
      const files = yield* Files
      const { path, record } = yield* Home
      const file = `${path}/queue/${QueueRequest.socketFile(record.owners)}`
      return {
        listen: Effect.flatMap(wayTo(files, file), (way) => listen(files, file, way)),
        ask: (request) => Effect.scoped(Effect.flatMap(wayTo(files, file), (way) => ask(file, way, request)))
      }
    })
  )

  /** Who asks and who answers are in one process. */
  static readonly layerMemory: Layer.Layer<AdminSocket> = Layer.sync(AdminSocket, () => {
    let hall: Hall | undefined
    return {
      listen: Effect.acquireRelease(
        Effect.map(makeHall, (opened) => (hall = opened)),
        (opened) => Effect.sync(() => ((hall = undefined), opened.close()))
      ),
      ask: (request) =>
        Effect.callback<Answer>((resume) => {
          if (hall === undefined) return resume(Effect.succeed("nobody"))
          const end = (text: ByteString | undefined) => resume(Effect.succeed(answerOf(text)))
          const leave = hall.enter(QueueRequest.format(request), end)
          return Effect.sync(leave)
        }).pipe(patiently)
    }
  })
}

const answerOf = (text: ByteString | undefined): Answer =>
  text === undefined ? "nobody" : QueueRequest.parseAnswer(text)

const patiently = <E, R>(answer: Effect.Effect<Answer, E, R>): Effect.Effect<Answer, E, R> =>
  Effect.timeoutOrElse(answer, { duration: patienceMillis, orElse: () => Effect.succeed<Answer>("silent") })
const patienceMillis = 30_000

/** The askers that wait, by number. */
interface Hall extends Door {
  /** `end` is told the answer, or nothing if there will be none. Gives the way to leave before that. */
  readonly enter: (text: ByteString, end: (answer: ByteString | undefined) => void) => () => void
  readonly close: () => void
}

const makeHall: Effect.Effect<Hall> = Effect.map(Queue.unbounded<FoundRequest>(), (requests) => {
  const waiting = new Map<number, (answer: ByteString | undefined) => void>()
  let count = 0
  return {
    next: Queue.take(requests),
    isWaiting: (asker) => waiting.has(asker),
    answer: (asker, outcomes) =>
      Effect.sync(() => {
        const end = waiting.get(asker)
        waiting.delete(asker)
        end?.(QueueRequest.formatAnswer(outcomes))
        return end !== undefined
      }),
    enter: (text, end) => {
      const asker = ++count
      waiting.set(asker, end)
      Queue.offerUnsafe(
        requests,
        Result.match(QueueRequest.parse(text), {
          onFailure: (trouble) => ({ asker, request: undefined, trouble }),
          onSuccess: (request) => ({ asker, request })
        })
      )
      return () => void waiting.delete(asker)
    },
    close: () => {
      for (const end of waiting.values()) end(undefined)
      waiting.clear()
    }
  }
})

/**
 * The name of a socket may have 107 bytes, and node takes it for UTF-8: a path through the open directory is short and
 * plain, whatever the home is called.
 */
const wayTo = (files: FileCalls, file: ByteString) => {
  const slash = file.lastIndexOf("/")
  return Effect.map(
    Effect.acquireRelease(files.open(file.slice(0, slash), "read"), (fd) => Effect.ignore(files.close(fd))),
    (fd) => `/proc/self/fd/${fd}${file.slice(slash)}`
  )
}

const listen = Effect.fnUntraced(function* (files: FileCalls, file: ByteString, way: string) {
  // A server that was killed has left its socket.
  yield* orIfAbsent(files.unlink(file), () => undefined)
  const hall = yield* makeHall
  const open = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    open.add(socket)
    let leave = (): void => {}
    const reading = texts(socket, (text) => {
      leave = hall.enter(text, (answer) => (answer === undefined ? socket.destroy() : socket.end(framed(answer))))
    })
    socket.on("data", reading)
    socket.on("error", () => {})
    socket.on("close", () => {
      leave()
      open.delete(socket)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void, FilesError>((resume) => {
      server.once("error", (cause) => resume(failed("create", file, cause)))
      server.listen(way, () => {
        server.removeAllListeners("error")
        server.on("error", () => {})
        resume(Effect.void)
      })
    }),
    () =>
      Effect.sync(() => {
        server.close()
        hall.close()
        for (const socket of open) socket.destroySoon()
      })
  )
  yield* files.chmod(file, 0o600)
  return hall as Door
})

const ask = (file: ByteString, way: string, request: QueueRequest.QueueRequest) =>
  Effect.callback<Answer, FilesError>((resume) => {
    const socket = net.connect(way, () => socket.write(framed(QueueRequest.format(request))))
    socket.on(
      "data",
      texts(socket, (text) => resume(Effect.succeed(answerOf(text))))
    )
    socket.on("error", (cause: NodeJS.ErrnoException) =>
      resume(nobodyThere.has(cause.code ?? "") ? Effect.succeed("nobody") : failed("connect to", file, cause))
    )
    socket.on("close", () => resume(Effect.succeed("nobody")))
    return Effect.sync(() => socket.destroy())
  }).pipe(patiently)

const nobodyThere: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"])

/** A text ends with a NUL: the connection stays open behind it, so that the server sees when an asker gives up. */
const framed = (text: ByteString): Uint8Array => toChunk(`${text}\0`)

const texts = (socket: net.Socket, whole: (text: ByteString) => void) => {
  const pieces: Array<Uint8Array> = []
  return (bytes: Uint8Array): void => {
    const end = bytes.indexOf(0)
    pieces.push(end < 0 ? bytes : bytes.subarray(0, end))
    if (end < 0) return
    socket.removeAllListeners("data")
    socket.resume()
    whole(fromChunk(Buffer.concat(pieces)))
  }
}

const failed = (operation: string, path: ByteString, cause: NodeJS.ErrnoException) =>
  Effect.fail(new FilesError({ operation, path, errno: bindErrno[cause.code ?? ""] ?? cause.code ?? "EIO" }))
const bindErrno: Readonly<Record<string, string>> = { EADDRINUSE: "EEXIST" }
