/**
 * An invented network: hosts that follow a script. They accept, refuse or let connections time out, and at every stage
 * of an SMTP session they reply, wait, say nothing or hang up, in whatever time the clock tells. What they accept lies
 * in their inbox.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as IpAddress from "../../core/address/IpAddress.ts"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"
import type { Seconds } from "../../core/Time.ts"
import { type Connection, type Endpoint, Sockets, SocketsError } from "../platform/Sockets.ts"

/** `greeting`, a command's verb, or `message` for the end of the data. */
export type Stage = "greeting" | "EHLO" | "HELO" | "MAIL" | "RCPT" | "DATA" | "message" | "RSET" | "QUIT"

export type Reply =
  | { readonly _tag: "Says"; readonly text: ByteString; readonly after?: Seconds }
  | { readonly _tag: "SaysNothing" }
  | { readonly _tag: "HangsUp" }

/** With the line end. */
export const says = (text: ByteString, after: Seconds = 0): Reply => ({ _tag: "Says", text: `${text}\r\n`, after })
export const saysNothing: Reply = { _tag: "SaysNothing" }
export const hangsUp: Reply = { _tag: "HangsUp" }

export interface Received {
  readonly sender: ByteString
  readonly recipients: ReadonlyArray<ByteString>
  /** As it came over the wire, without the line of the final dot. */
  readonly message: ByteString
}

export interface InventedHost {
  readonly connects: "accepts" | "refuses" | "isUnreachable" | "timesOut" | { readonly failsWith: Errno }
  /** What is not in the script goes well. A function is asked with the line. */
  readonly script?: Readonly<Partial<Record<Stage, Reply | ((line: ByteString) => Reply)>>>
  /** Said as soon as a part of a message has come. */
  readonly interrupts?: ByteString
  /** Filled as messages come in. */
  readonly inbox?: Array<Received>
  /** Everything said to it; a connection begins with an entry of its own. */
  readonly heard?: Array<ByteString>
}

/** Hosts by `address:port`, as in `192.0.2.1:25` or `[2001:db8::1]:25`; at any other address nobody is. */
export const layer = (
  hosts: Readonly<Record<string, InventedHost>>,
  own: ReadonlyArray<IpAddress.IpAddress> = []
): Layer.Layer<Sockets> =>
  Layer.succeed(Sockets, {
    connect: (to, patience) => connect(hosts[nameOf(to)], patience),
    ownAddresses: Effect.succeed(own)
  })

export const nameOf = ({ address, port }: Endpoint): string => {
  const text = IpAddress.format(address)
  return IpAddress.isV4(address) ? `${text}:${port}` : `[${text}]:${port}`
}

const connect = (host: InventedHost | undefined, patience: Seconds): Effect.Effect<Connection, SocketsError> => {
  const failed = (errno: string) => Effect.fail(new SocketsError({ operation: "connect", errno }))
  if (typeof host?.connects === "object") return failed(host.connects.failsWith)
  switch (host?.connects) {
    case "accepts":
      return Effect.sync(() => talk(host))
    case "refuses":
      return failed("ECONNREFUSED")
    case "timesOut":
      return Effect.andThen(Effect.sleep(patience * 1000), failed("ETIMEDOUT"))
    case "isUnreachable":
    case undefined:
      return failed("EHOSTUNREACH")
  }
}

const talk = ({ heard, inbox, interrupts, script }: InventedHost): Connection => {
  const replies: Array<Reply> = []
  let open = true
  let unread = ""
  let inMessage = false
  let sender = ""
  let recipients: Array<ByteString> = []

  const reply = (stage: Stage, line: ByteString): void => {
    const scripted = script?.[stage]
    const given = typeof scripted === "function" ? scripted(line) : (scripted ?? usual[stage])
    replies.push(given)
    const isGood = given._tag === "Says" && /^[23]/.test(given.text)
    if (isGood && stage === "MAIL") {
      sender = pathOf(line)
      recipients = []
    }
    if (isGood && stage === "RCPT") recipients.push(pathOf(line))
    if (isGood && stage === "message") inbox?.push({ sender, recipients, message: line })
    inMessage = stage === "DATA" && given._tag === "Says" && given.text.startsWith("354")
  }

  const hear = (): void => {
    for (;;) {
      const cut = inMessage ? cutMessage(unread) : cutLine(unread)
      if (cut === undefined) return
      unread = cut.rest
      const verb = inMessage ? "message" : /^[A-Za-z]*/.exec(cut.text)![0].toUpperCase()
      if (verb in usual) reply(verb as Stage, cut.text)
      else replies.push(says("502 unimplemented"))
    }
  }

  heard?.push("")
  reply("greeting", "")
  return {
    read: (patience) => nextReply(replies, patience, () => (open = false)),
    write: (bytes) =>
      Effect.suspend(() => {
        if (!open) return Effect.fail(new SocketsError({ operation: "write", errno: "EPIPE" }))
        if (heard !== undefined) heard[heard.length - 1] += fromChunk(bytes)
        unread += fromChunk(bytes)
        hear()
        if (interrupts !== undefined && inMessage && unread !== "") replies.push(says(interrupts))
        return Effect.void
      }),
    taken: () => Effect.void,
    hasSpoken: () => replies[0]?._tag === "Says",
    close: Effect.sync(() => {
      open = false
    }),
    isQuiet: () => open && replies.length === 0
  }
}

interface Cut {
  readonly text: ByteString
  readonly rest: ByteString
}

const cutLine = (text: ByteString): Cut | undefined => {
  const end = text.indexOf("\r\n")
  return end < 0 ? undefined : { text: text.slice(0, end), rest: text.slice(end + 2) }
}

const cutMessage = (text: ByteString): Cut | undefined => {
  if (text.startsWith(".\r\n")) return { text: "", rest: text.slice(3) }
  const end = text.indexOf("\r\n.\r\n")
  return end < 0 ? undefined : { text: text.slice(0, end + 2), rest: text.slice(end + 5) }
}

const nextReply = (
  replies: Array<Reply>,
  patience: Seconds,
  hangUp: () => void
): Effect.Effect<Uint8Array, SocketsError> =>
  Effect.suspend(() => {
    const given = replies[0]
    const late = Effect.andThen(
      Effect.sleep(patience * 1000),
      Effect.fail(new SocketsError({ operation: "read", errno: "ETIMEDOUT" }))
    )
    if (given === undefined || given._tag === "SaysNothing") return late
    if (given._tag === "HangsUp") {
      hangUp()
      return Effect.succeed(new Uint8Array(0))
    }
    const after = given.after ?? 0
    if (after > patience) return late
    replies.shift()
    let text = given.text
    // What is ready at once comes in one piece.
    for (let next = replies[0]; next?._tag === "Says" && !next.after; next = replies[0]) {
      text += next.text
      replies.shift()
    }
    return Effect.as(after === 0 ? Effect.void : Effect.sleep(after * 1000), toChunk(text))
  })

const pathOf = (line: ByteString): ByteString => /<(.*)>/s.exec(line)?.[1] ?? ""

const usual: Readonly<Record<Stage, Reply>> = {
  greeting: says("220 invented ESMTP"),
  EHLO: says("250-invented\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME"),
  HELO: says("250 invented"),
  MAIL: says("250 sender ok"),
  RCPT: says("250 recipient ok"),
  DATA: says("354 go ahead"),
  message: says("250 ok"),
  RSET: says("250 flushed"),
  QUIT: says("221 bye")
}
