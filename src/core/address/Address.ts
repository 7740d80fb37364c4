/** An envelope address: any bytes without NUL, split at its last `@` where a domain is wanted. */
import { type ByteString } from "../Bytes.ts"

export type Address = ByteString

export interface Parts {
  readonly box: ByteString
  readonly domain: ByteString
}

/** Undefined if there is no `@`. */
export const split = (address: Address): Parts | undefined => {
  const at = address.lastIndexOf("@")
  return at < 0 ? undefined : { box: address.slice(0, at), domain: address.slice(at + 1) }
}

/** The queue takes no NUL: there an address ends. */
export const untilNul = (address: ByteString): Address => {
  const end = address.indexOf("\0")
  return end < 0 ? address : address.slice(0, end)
}

/** NUL, line ends, tabs, other C0 bytes and DEL: nothing that an address has a use for. */
export const hasControl = (address: ByteString): boolean => /[\0-\x1f\x7f]/.test(address)

/** The sender of a bounce. */
export const nobody: Address = ""

/** May a client give this recipient? Nobody is named where nothing stands before the last `@`, or behind it. */
export const isRecipient = (address: Address): boolean => {
  const parts = split(address)
  return (parts === undefined ? address !== "" : parts.box !== "" && parts.domain !== "") && !hasControl(address)
}

export const isSender = (address: Address): boolean => address === nobody || isRecipient(address)

/** The sender of a double bounce; nothing is ever sent back to it. */
export const doubleBounceSender: Address = "#@[]"
