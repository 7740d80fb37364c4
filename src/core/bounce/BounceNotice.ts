/**
 * The notice that goes back: a header, an introduction, bounce/N, and a copy of the message (QSBMF).
 *
 * From: qmail-send.c, injectbounce(); the format is described in wire.md 11 and in bouncesaying's relatives everywhere.
 */
import { type Address } from "../address/Address.ts"
import * as AddressQuoting from "../address/AddressQuoting.ts"
import type { ByteString } from "../Bytes.ts"
import { compactStamp, date822 } from "../Time.ts"

export interface Notice {
  /** Seconds since 1970. */
  readonly now: number
  /** A qmail home: no field that qmail-send does not write, and a line end in an address stands as it is. */
  readonly classic: boolean
  /** Of the message that the notice becomes; with the time it names no other message of this host. */
  readonly qp: number
  /** control/bouncefrom and control/bouncehost. */
  readonly from: ByteString
  readonly host: ByteString
  readonly to: Address
  readonly isDouble: boolean
  /** The sender of the message that failed. */
  readonly about: Address
}

/** What stands before the content of bounce/N. */
export const head = ({ classic, from, host, isDouble, now, qp, to }: Notice): ByteString =>
  `Date: ${date822(now)}
${classic ? "" : ownFields(now, qp, host)}From: ${AddressQuoting.quote(from)}@${host}
To: ${quoted(to, classic)}
Subject: failure notice

Hi. This is the qmail-send program at ${host}.
${isDouble ? introductionDouble : introduction}

`

/** What stands between the paragraphs and the copy of the message. */
export const tail = ({ about, classic, isDouble }: Notice): ByteString =>
  `${isDouble ? breakDouble : breakSingle}

Return-Path: <${quoted(about, classic)}>
`

/** A vacation program must not answer a notice (RFC 3834, 5), and each message has a name (RFC 5322, 3.6.4). */
const ownFields = (now: number, qp: number, host: ByteString): ByteString =>
  `Message-ID: <${compactStamp(now)}.${qp}.qmail@${host}>
Auto-Submitted: auto-replied
`

const quoted = (address: Address, classic: boolean): ByteString => {
  const text = AddressQuoting.quote2(address)
  return classic ? text : AddressQuoting.oneLine(text, classic)
}

const introduction = `I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.`
const introductionDouble = "I tried to deliver a bounce message to this address, but the bounce bounced!"
const breakSingle = "--- Below this line is a copy of the message."
const breakDouble = "--- Below this line is the original bounce."
