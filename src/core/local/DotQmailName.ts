/**
 * Which .qmail file controls this address, and in whose name does it forward?
 *
 * First the exact name, then ever shorter prefixes with `default`; the first regular file wins. Dots of the
 * extension become colons, so that no address can name `..`. (qmail-local.c, qmesearch, qmeexists and qmeox)
 */
import { type Address, doubleBounceSender, nobody } from "../address/Address.ts"
import { type ByteString, lower } from "../Bytes.ts"
import * as Outcome from "../Outcome.ts"

/** The part of an address that its controlling user may divide. */
export interface Place {
  readonly dash: ByteString
  readonly ext: ByteString
}

export interface Candidate {
  /** Relative to the home directory. */
  readonly file: ByteString
  /** Where a default file's prefix ends in the extension; undefined for the exact name. */
  readonly cut: number | undefined
}

const nameOf = ({ dash, ext }: Place): ByteString => `.qmail${dash}${lower(ext).replaceAll(".", ":")}`

export const exact = (place: Place): Candidate => ({ file: nameOf(place), cut: undefined })

/** What to try after `tried` turned out to be absent; undefined after the last. */
export const following = (place: Place, tried: Candidate): Candidate | undefined => {
  const { dash, ext } = place
  for (let cut = tried.cut === undefined ? ext.length : tried.cut - 1; cut >= 0; cut--)
    if (cut === 0 || ext[cut - 1] === "-") return { file: `${nameOf({ dash, ext: ext.slice(0, cut) })}default`, cut }
  return undefined
}

/** What a default file stands for: the variable DEFAULT, in the address's own case. */
export const defaultPart = ({ ext }: Place, found: Candidate): ByteString | undefined => {
  if (found.cut !== undefined) return ext.slice(found.cut)
  return lower(ext).endsWith("default") ? ext.slice(ext.length - "default".length) : undefined
}

/** An open error that does not mean "no such file": the owner may have meant this one, so the mail waits. */
export const isTrouble = (errno: Outcome.Errno): boolean =>
  Outcome.isTemporary(errno) || errno === "EPERM" || errno === "EACCES"

export type Permission = "writable" | "forwardOnly" | "free"

/** `patrn`: permission bits that nobody's instructions may have. The owner's x bit marks a mailing list. */
export const permission = (mode: number, patrn: number): Permission =>
  (mode & patrn) !== 0 ? "writable" : (mode & 0o100) !== 0 ? "forwardOnly" : "free"

/** Bounces of a bounce go nowhere else: only ordinary senders are replaced by the list's owner. */
export const mayHaveOwner = (sender: Address): boolean => sender !== nobody && sender !== doubleBounceSender

/** If it exists, bounces go to the owner. */
export const ownerFile = (place: Place): ByteString => `${nameOf(place)}-owner`

/** If it exists too, each recipient's bounces have an address of their own. */
export const ownerDefaultFile = (place: Place): ByteString => `${nameOf(place)}-owner-default`

export type Owner = "none" | "owner" | "ownerDefault"

/** The envelope sender of forwards, and the variable NEWSENDER. */
export const newSender = (owner: Owner, sender: Address, local: ByteString, domain: ByteString): Address =>
  owner === "none" ? sender : owner === "owner" ? `${local}-owner@${domain}` : `${local}-owner-@${domain}-@[]`
