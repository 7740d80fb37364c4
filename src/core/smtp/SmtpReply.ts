/** Every reply of the SMTP server, in one table. Each ends with CR LF; enhanced codes as qmail shows them: `(#5.7.1)`. */
import type { ByteString } from "../Bytes.ts"

export const greeting = (name: ByteString): ByteString => `220 ${name} ESMTP\r\n`
export const helo = (name: ByteString): ByteString => `250 ${name}\r\n`
/** `size` undefined: the extension is not offered. 0: no limit (RFC 1870, 3). */
export const ehlo = (name: ByteString, size: number | undefined): ByteString =>
  `250-${name}\r\n250-PIPELINING\r\n${size === undefined ? "" : `250-SIZE ${size}\r\n`}250 8BITMIME\r\n`
export const bye = (name: ByteString): ByteString => `221 ${name}\r\n`

export const ok = "250 ok\r\n"
export const flushed = "250 flushed\r\n"
export const help = "214 notqmail home page: https://notqmail.org\r\n"
export const vrfy = "252 send some mail, i'll try my best\r\n"
export const goAhead = "354 go ahead\r\n"
/** Said when the message is safe on disk, and not before. `time`: seconds since 1970. */
export const accepted = (time: number, qp: number): ByteString => `250 ok ${time} qp ${qp}\r\n`
export const refusedByQueue = (outcome: "temporary" | "permanent", text: ByteString): ByteString =>
  `${outcome === "permanent" ? "554" : "451"} ${text}\r\n`

export const syntax = "555 syntax error (#5.5.4)\r\n"
export const fromMissing = "501 MAIL FROM:<address> expected (#5.5.4)\r\n"
export const toMissing = "501 RCPT TO:<address> expected (#5.5.4)\r\n"
export const senderSyntax = "501 syntax error in the sender's address (#5.1.7)\r\n"
export const recipientSyntax = "501 syntax error in the recipient's address (#5.1.3)\r\n"
export const pathTooLong = "501 address too long (#5.5.4)\r\n"
export const badParameter = "555 bad parameter (#5.5.4)\r\n"
export const mailFirst = "503 MAIL first (#5.5.1)\r\n"
export const rcptFirst = "503 RCPT first (#5.5.1)\r\n"
export const badSender = "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)\r\n"
export const noRelay = "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\r\n"
export const unknownCommand = "502 unimplemented (#5.5.1)\r\n"
export const looping = "554 too many hops, this message is looping (#5.4.6)\r\n"
export const tooBig = "552 sorry, that message size exceeds my databytes limit (#5.3.4)\r\n"

export const timeout = "451 timeout (#4.4.2)\r\n"
/** RFC 5321, 3.8: who closes says 421. */
export const closingOnTimeout = "421 timeout (#4.4.2)\r\n"
export const noControls = "421 unable to read controls (#4.3.0)\r\n"
export const bareLineFeed = "451 See https://cr.yp.to/docs/smtplf.html.\r\n"

export const nulInCommand = "500 NUL in a command (#5.5.2)\r\n"
export const otherProtocol = "421 this is a mail server (#4.7.0)\r\n"

/** Limits for strangers; qmail has none of these. */
export const tooManyRecipients = "452 too many recipients (#4.5.3)\r\n"
export const lineTooLong = "500 line too long (#5.5.2)\r\n"
export const tooManyCommands = "421 too many commands (#4.7.0)\r\n"
export const tooManyConnections = "421 too many connections (#4.7.0)\r\n"
export const tooManyFromYou = "421 too many connections from your address (#4.7.0)\r\n"
export const shuttingDown = "421 shutting down (#4.3.2)\r\n"
