/**
 * Inherited descriptors as byte streams that do not block the process: the pipes between qmail-send, the spawners and
 * qmail-clean.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as net from "node:net"
import { Writable } from "node:stream"

export interface ReadEnd {
  /** Next bytes; none at the end, or after an error. For one reader at a time. */
  readonly read: Effect.Effect<Uint8Array>
}

export interface WriteEnd {
  /** In order. False: nobody reads any more. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<boolean>
}

const nothing = new Uint8Array(0)

const streamOf = (fd: number, direction: "readable" | "writable"): net.Socket | fs.ReadStream | fs.WriteStream => {
  if (fd === 2) keepNodeOffStandardError()
  try {
    return new net.Socket({ fd, readable: direction === "readable", writable: direction === "writable" })
  } catch {
    // A file or a device: it never makes anyone wait.
    return direction === "readable"
      ? fs.createReadStream("", { fd, autoClose: false })
      : fs.createWriteStream("", { fd, autoClose: false })
  }
}

export const reading = (fd: number): ReadEnd => {
  const stream = streamOf(fd, "readable") as net.Socket
  let isOver = false
  stream.on("end", () => (isOver = true))
  stream.on("error", () => (isOver = true))
  stream.on("close", () => (isOver = true))
  const next = Effect.callback<Uint8Array>((resume) => {
    const attempt = (): boolean => {
      const piece = stream.read() as Uint8Array | null
      if (piece === null && !isOver) return false
      for (const event of ["readable", "end", "error", "close"]) stream.off(event, attempt)
      resume(Effect.succeed(piece ?? nothing))
      return true
    }
    if (attempt()) return
    for (const event of ["readable", "end", "error", "close"]) stream.on(event, attempt)
    return Effect.sync(() => {
      for (const event of ["readable", "end", "error", "close"]) stream.off(event, attempt)
    })
  })
  return { read: next }
}

export const writing = (fd: number): WriteEnd => {
  const stream = streamOf(fd, "writable") as net.Socket
  let isOver = false
  stream.on("error", () => (isOver = true))
  return {
    write: (bytes) =>
      Effect.callback((resume) => {
        if (isOver) return resume(Effect.succeed(false))
        stream.write(bytes, (error) => resume(Effect.succeed(error === null || error === undefined)))
      })
  }
}

/**
 * Node looks at process.stderr whenever it closes a socket or a pipe, opens descriptor 2 for it, and leaves the socket
 * open if that fails because we have it. Its warnings do not belong among reports either.
 */
const keepNodeOffStandardError = (): void => {
  const value = new Writable({ write: (_chunk, _encoding, done) => done() })
  Object.defineProperty(process, "stderr", { value, configurable: true })
}
