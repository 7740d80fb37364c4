/**
 * TCP connections to others: connect, read, write, close, each with its patience. `MemoryNetwork` is the invented one
 * for tests and simulation.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as net from "node:net"
import * as IpAddress from "../../core/address/IpAddress.ts"
import type { ByteString } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"
import type { Seconds } from "../../core/Time.ts"
import * as Interfaces from "./Interfaces.ts"

/** No connection, or no more. `ETIMEDOUT` is also our own patience at its end. */
export class SocketsError extends Data.TaggedError("SocketsError")<{
  readonly operation: "connect" | "read" | "write"
  readonly errno: Errno
}> {}

export interface Endpoint {
  readonly address: IpAddress.IpAddress
  readonly port: number
  /** The interface of a link-local address. */
  readonly zone?: ByteString
}

export interface Connection {
  /** Next bytes; none when the other side has ended. */
  readonly read: (patience: Seconds) => Effect.Effect<Uint8Array, SocketsError>
  /** Done when the system has taken all of them, or when the other side speaks meanwhile. */
  readonly write: (bytes: Uint8Array, patience: Seconds) => Effect.Effect<void, SocketsError>
  /** The same for what was written before, after a look at the network. */
  readonly taken: (patience: Seconds) => Effect.Effect<void, SocketsError>
  /** Has the other side said something that was not read? */
  readonly hasSpoken: () => boolean
  /** What was written is still sent; nothing more is read. */
  readonly close: Effect.Effect<void>
  /** Is it open, and has the other side been silent since the last read? */
  readonly isQuiet: () => boolean
}

export interface SocketCalls {
  /** `from`: one of our addresses, where it matters which. */
  readonly connect: (
    to: Endpoint,
    patience: Seconds,
    from?: IpAddress.IpAddress
  ) => Effect.Effect<Connection, SocketsError>
  /** Addresses of the interfaces that are up, in the system's order. */
  readonly ownAddresses: Effect.Effect<ReadonlyArray<IpAddress.IpAddress>>
}

export class Sockets extends Context.Service<Sockets, SocketCalls>()("thresher/shell/Sockets") {
  static readonly layer: Layer.Layer<Sockets> = Layer.sync(Sockets, () => ({
    connect,
    ownAddresses: Interfaces.addresses
  }))
}

const connect: SocketCalls["connect"] = ({ address, port, zone }, patience, from) =>
  Effect.callback<Connection, SocketsError>((resume) => {
    const socket = new net.Socket({ allowHalfOpen: true })
    const fail = (errno: Errno): void => {
      socket.destroy()
      resume(Effect.fail(new SocketsError({ operation: "connect", errno })))
    }
    socket.setNoDelay(true)
    socket.once("error", (cause: NodeJS.ErrnoException) => fail(cause.code ?? "EIO"))
    // A connection that stands is not given up because nobody has looked yet: one look at the network comes first.
    const giveUp = (): void => {
      if (socket.connecting) fail("ETIMEDOUT")
    }
    socket.setTimeout(millis(patience), () => setImmediate(giveUp))
    const local = from === undefined ? {} : { localAddress: IpAddress.format(from) }
    socket.connect({ host: Interfaces.hostOf(address, zone), port, autoSelectFamily: false, ...local }, () => {
      socket.removeAllListeners("error")
      socket.removeAllListeners("timeout")
      resume(Effect.succeed(new OpenConnection(socket)))
    })
    return Effect.sync(() => socket.destroy())
  })

type Resume<A> = (effect: Effect.Effect<A, SocketsError>) => void

/** The system's socket speaks when it likes: what comes unasked waits here. */
class OpenConnection implements Connection {
  readonly #socket: net.Socket
  readonly #waiting: Array<Uint8Array> = []
  #waitingBytes = 0
  #ended = false
  #errno: Errno | undefined
  #reader: Resume<Uint8Array> | undefined
  #writer: Resume<void> | undefined
  #patience: Seconds | undefined

  constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on("data", (bytes: Buffer) => this.#arrived(bytes))
    // Listened for once: a listener for each write that waits would grow with every one that is given up.
    socket.on("drain", () => this.#wrote())
    socket.on("end", () => {
      this.#ended = true
      this.#arrived(undefined)
    })
    socket.on("error", (cause: NodeJS.ErrnoException) => this.#broke(cause.code ?? "EIO"))
    socket.on("close", () => this.#broke("ECONNRESET"))
    socket.on("timeout", () => {
      if (this.#reader !== undefined || this.#writer !== undefined) this.#broke("ETIMEDOUT")
    })
  }

  readonly read = (patience: Seconds): Effect.Effect<Uint8Array, SocketsError> =>
    Effect.callback((resume) => {
      this.#reader = resume
      this.#await(patience)
      this.#arrived(undefined)
      // A read that is given up takes nothing: the bytes are for the next one.
      return Effect.sync(() => {
        if (this.#reader === resume) this.#reader = undefined
      })
    })

  readonly write = (bytes: Uint8Array, patience: Seconds): Effect.Effect<void, SocketsError> =>
    Effect.callback((resume) => {
      if (this.#errno !== undefined) return resume(failure("write", this.#errno))
      // Most writes fit the system's buffer at once.
      if (this.#socket.write(bytes)) return resume(Effect.void)
      this.#writer = resume
      this.#await(patience)
      return Effect.sync(() => {
        if (this.#writer === resume) this.#writer = undefined
      })
    })

  readonly taken = (patience: Seconds): Effect.Effect<void, SocketsError> =>
    Effect.callback((resume) => {
      const look = setImmediate(() => {
        if (this.#errno !== undefined) return resume(failure("write", this.#errno))
        if (this.hasSpoken() || !this.#socket.writableNeedDrain) return resume(Effect.void)
        this.#writer = resume
        this.#await(patience)
      })
      return Effect.sync(() => {
        clearImmediate(look)
        if (this.#writer === resume) this.#writer = undefined
      })
    })

  readonly hasSpoken = (): boolean => this.#waiting.length > 0

  readonly close: Effect.Effect<void> = Effect.sync(() => {
    if (this.#errno !== undefined) return
    this.#errno = "EBADF"
    const socket = this.#socket
    socket.removeAllListeners()
    socket.on("error", () => {})
    // Whoever does not take what was sent, or never ends, is not waited for longer than this.
    socket.setTimeout(lingerMillis, () => socket.destroy())
    socket.end(() => socket.destroy())
  })

  readonly isQuiet = (): boolean => this.#errno === undefined && !this.#ended && this.#waiting.length === 0

  #await(patience: Seconds): void {
    if (this.#patience === patience) return
    this.#patience = patience
    this.#socket.setTimeout(millis(patience))
  }

  #arrived(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) {
      this.#waiting.push(bytes)
      this.#waitingBytes += bytes.length
    }
    const reader = this.#reader
    if (reader === undefined) {
      if (bytes !== undefined) this.#wrote()
      if (this.#waitingBytes > mostWaitingBytes) this.#socket.pause()
      return
    }
    const next = this.#waiting.shift()
    if (next === undefined && this.#errno === undefined && !this.#ended) return
    this.#reader = undefined
    if (next === undefined)
      return reader(this.#ended ? Effect.succeed(new Uint8Array(0)) : failure("read", this.#errno ?? "ECONNRESET"))
    this.#waitingBytes -= next.length
    if (this.#socket.isPaused()) this.#socket.resume()
    reader(Effect.succeed(next))
  }

  #wrote(): void {
    const writer = this.#writer
    this.#writer = undefined
    writer?.(Effect.void)
  }

  #broke(errno: Errno): void {
    if (this.#errno !== undefined) return
    this.#errno = errno
    this.#socket.destroy()
    const writer = this.#writer
    this.#writer = undefined
    writer?.(failure("write", errno))
    this.#arrived(undefined)
  }
}

/** To node, 0 is for ever, and more than its longest timer is nothing. */
const millis = (patience: Seconds): number => Math.min(Math.max(patience * 1000, 1), 2 ** 31 - 1)

const failure = (operation: "read" | "write", errno: Errno): Effect.Effect<never, SocketsError> =>
  Effect.fail(new SocketsError({ operation, errno }))

const mostWaitingBytes = 65536
const lingerMillis = 10_000
