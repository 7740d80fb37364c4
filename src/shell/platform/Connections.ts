/**
 * The two directions of a conversation with one peer: on a socket, on descriptors that somebody else connected,
 * and in memory. What the peer sends is read only when it is asked for, and what is said to him waits while he
 * does not read: a connection holds a few chunks, never more.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as fs from "node:fs"
import * as net from "node:net"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { type FileCalls, Files } from "./Files.ts"
import * as Garbage from "./Garbage.ts"

export type Incoming =
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array }
  /** The peer will say no more; he may still listen. */
  | { readonly _tag: "Ended" }
  /** Nothing happened for the whole time allowed. */
  | { readonly _tag: "TimedOut" }
  /** We were asked to stop; said once. */
  | { readonly _tag: "StopRequested" }

export interface Connection {
  readonly receive: Effect.Effect<Incoming>
  /** False: the peer is gone, or read nothing for the whole time allowed. */
  readonly send: (text: ByteString | Uint8Array) => Effect.Effect<boolean>
  /** Says what is still to be said, and ends. */
  readonly close: Effect.Effect<void>
}

const ended: Incoming = { _tag: "Ended" }
const timedOut: Incoming = { _tag: "TimedOut" }
const stopRequested: Incoming = { _tag: "StopRequested" }

/** A connection and the means to end it from outside. */
export interface SocketConnection extends Connection {
  readonly requestStop: () => void
  readonly destroy: () => void
}

export const ofSocket = (socket: net.Socket, idleSeconds: number): SocketConnection => ({
  ...receiverOf(socket, idleSeconds),
  send: senderOf(socket, idleSeconds),
  close: closeSocket(socket),
  destroy: () => void socket.destroy()
})

const receiverOf = (socket: net.Socket, idleSeconds: number): Pick<SocketConnection, "receive" | "requestStop"> => {
  const arrived: Array<Uint8Array> = []
  let isEnded = false
  let isExpired = false
  let stopWanted = false
  let waiting: ((incoming: Incoming) => void) | undefined

  const answer = (incoming: Incoming): void => {
    const resume = waiting
    waiting = undefined
    resume?.(incoming)
  }
  const finished = (): void => {
    isEnded = true
    answer(ended)
  }
  socket.on("data", (bytes: Uint8Array) => {
    Garbage.passed(bytes.length)
    if (waiting !== undefined) return answer({ _tag: "Bytes", bytes })
    arrived.push(bytes)
    socket.pause()
  })
  socket.on("end", finished).on("close", finished).on("error", finished)
  socket.setTimeout(idleSeconds * 1000, () => {
    if (waiting === undefined) isExpired = true
    else answer(timedOut)
  })
  const immediately = (): Incoming | undefined => {
    const first = arrived.shift()
    if (first !== undefined) return { _tag: "Bytes", bytes: first }
    if (!stopWanted) return isEnded ? ended : undefined
    stopWanted = false
    return stopRequested
  }
  return {
    receive: Effect.callback((resume) => {
      const known = immediately()
      if (known !== undefined) return resume(Effect.succeed(known))
      waiting = (incoming) => resume(Effect.succeed(incoming))
      // It expired while we were busy: that was no fault of the peer's.
      if (isExpired) socket.setTimeout(idleSeconds * 1000)
      isExpired = false
      if (socket.isPaused()) socket.resume()
    }),
    requestStop: () => {
      if (waiting === undefined) stopWanted = true
      else answer(stopRequested)
    }
  }
}

const senderOf =
  (socket: net.Socket, idleSeconds: number): Connection["send"] =>
  (text) =>
    Effect.suspend(() => {
      if (socket.destroyed || !socket.writable) return Effect.succeed(false)
      return (typeof text === "string" ? socket.write(text, "latin1") : socket.write(text))
        ? Effect.succeed(true)
        : drained(socket, idleSeconds)
    })

const drained = (output: net.Socket, seconds: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const done = (fine: boolean) => () => {
      output.off("drain", onDrain).off("close", onClose)
      clearTimeout(timer)
      resume(Effect.succeed(fine))
    }
    const onDrain = done(true)
    const onClose = done(false)
    output.once("drain", onDrain).once("close", onClose)
    const timer = setTimeout(onClose, seconds * 1000)
  })

/**
 * A socket that is closed while input waits in it is reset, and the reset may overtake our last reply: the peer's
 * rest is read and dropped for a while, if it is not much.
 */
const closeSocket = (socket: net.Socket): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (socket.destroyed) return resume(Effect.void)
    let dropped = 0
    socket.removeAllListeners("data").on("data", (bytes: Uint8Array) => {
      dropped += bytes.length
      if (dropped > lingerBytesMax) socket.destroy()
    })
    socket.setTimeout(0)
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), lingerMillis)
    socket.once("close", () => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    socket.end(() => resume(Effect.void))
  })

const lingerMillis = 2000
const lingerBytesMax = 1 << 20

/**
 * Descriptors that were open when the program started. What is no pipe and no socket (a file, a terminal) is read
 * and written in place: it never keeps us waiting for a stranger. Pipes and sockets are not, since a read that
 * waits in the thread pool would keep the process from ending. Nothing is read before it is asked for: what we did
 * not take is there for the program that gets the descriptors after us. `chunkBytes`: most that is taken at once.
 */
export const ofDescriptors = (input: number, output: number, idleSeconds: number, chunkBytes = chunkBytesUsual) =>
  Effect.map(Files, (files): Connection => {
    const to = isStream(output) ? writerOf(output) : undefined
    return {
      receive: isStream(input) ? receiveFrom(input, idleSeconds, chunkBytes) : readInPlace(files, input, chunkBytes),
      send: to === undefined ? (text) => writeInPlace(files, output, text) : senderOf(to, idleSeconds),
      close: to === undefined ? Effect.void : flushed(to, idleSeconds)
    }
  })

/** Ended is not what we say here: a socket may have other users after us, and an end would be theirs too. */
const flushed = (to: net.Socket, seconds: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (to.writableLength === 0 || to.destroyed) return resume(Effect.void)
    const done = (): void => {
      clearTimeout(timer)
      resume(Effect.void)
    }
    const timer = setTimeout(done, seconds * 1000)
    to.once("close", done)
    to.write(new Uint8Array(0), done)
  })

const isStream = (fd: number): boolean => {
  try {
    const kind = fs.fstatSync(fd)
    return kind.isFIFO() || kind.isSocket()
  } catch {
    return false
  }
}

const writerOf = (fd: number): net.Socket | undefined => {
  try {
    return new net.Socket({ fd, readable: false, writable: true }).on("error", () => {})
  } catch {
    return undefined
  }
}

/** One chunk each time it is run; between two runs the descriptor is left alone. */
const receiveFrom = (fd: number, idleSeconds: number, chunkBytes: number): Effect.Effect<Incoming> => {
  let isEnded = false
  let waiting: ((incoming: Incoming) => void) | undefined
  const answer = (incoming: Incoming): void => {
    const resume = waiting
    waiting = undefined
    resume?.(incoming)
  }
  const finished = (): void => {
    isEnded = true
    answer(ended)
  }
  const take = (length: number, buffer: Uint8Array): boolean => {
    answer({ _tag: "Bytes", bytes: buffer.slice(0, length) })
    return waiting !== undefined // whoever was answered may have asked again at once
  }
  let socket: net.Socket | undefined
  const open = (): net.Socket => {
    const options = {
      fd,
      readable: true,
      writable: false,
      allowHalfOpen: true,
      pauseOnCreate: true,
      onread: { buffer: new Uint8Array(chunkBytes), callback: take }
    }
    const opened = new net.Socket(options)
    opened.on("end", finished).on("close", finished).on("error", finished)
    opened.on("timeout", () => answer(timedOut))
    return opened
  }
  return Effect.callback((resume) => {
    if (isEnded) return resume(Effect.succeed(ended))
    waiting = (incoming) => resume(Effect.succeed(incoming))
    try {
      socket ??= open()
    } catch {
      return finished()
    }
    socket.setTimeout(idleSeconds * 1000)
    socket.resume()
  })
}

const readInPlace = (files: FileCalls, fd: number, chunkBytes: number): Effect.Effect<Incoming> =>
  files.read(fd, chunkBytes, null).pipe(
    Effect.map((bytes): Incoming => (bytes.length === 0 ? ended : { _tag: "Bytes", bytes })),
    Effect.orElseSucceed(() => ended)
  )

const writeInPlace = (files: FileCalls, fd: number, text: ByteString | Uint8Array): Effect.Effect<boolean> =>
  files.write(fd, bytesOf(text)).pipe(
    Effect.as(true),
    Effect.orElseSucceed(() => false)
  )

const chunkBytesUsual = 65536

/** The two ends of a connection that needs no network; time is the fiber's clock. */
export const pair = (
  idleSeconds: number
): Effect.Effect<readonly [server: Connection & { readonly requestStop: () => void }, client: Connection]> =>
  Effect.gen(function* () {
    const toServer = yield* Queue.bounded<Incoming, Cause.Done>(pairChunks)
    const toClient = yield* Queue.bounded<Incoming, Cause.Done>(pairChunks)
    const end = (rx: Queue.Queue<Incoming, Cause.Done>, tx: Queue.Queue<Incoming, Cause.Done>): Connection => ({
      receive: Queue.take(rx).pipe(
        Effect.timeoutOrElse({ duration: idleSeconds * 1000, orElse: () => Effect.succeed(timedOut) }),
        Effect.orElseSucceed(() => ended)
      ),
      send: (text) =>
        Queue.offer(tx, { _tag: "Bytes", bytes: bytesOf(text) }).pipe(
          Effect.timeoutOrElse({ duration: idleSeconds * 1000, orElse: () => Effect.succeed(false) })
        ),
      close: Effect.asVoid(Queue.end(tx))
    })
    return [
      { ...end(toServer, toClient), requestStop: () => void Queue.offerUnsafe(toServer, stopRequested) },
      end(toClient, toServer)
    ] as const
  })

const pairChunks = 16

const bytesOf = (text: ByteString | Uint8Array): Uint8Array => (typeof text === "string" ? toChunk(text) : text)
