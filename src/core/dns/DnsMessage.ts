/**
 * Questions to a DNS server and its answers, as bytes (RFC 1035, 4). An answer is believed only if it repeats the
 * question; what is cut short, loops or runs over its own end is no answer.
 */
import * as Result from "effect/Result"
import type { IpAddress } from "../address/IpAddress.ts"
import { type ByteString, equalFolded, fromChunk } from "../Bytes.ts"
import * as DnsAnswer from "./DnsAnswer.ts"

export type RecordType = "A" | "AAAA" | "MX" | "PTR" | "CNAME"

export interface Question {
  /** 0 to 65535, not to be guessed. */
  readonly id: number
  readonly name: ByteString
  readonly type: RecordType
}

/** Undefined: no such name can exist (RFC 1035, 2.3.4). `withEdns`: says how long an answer over UDP may be. */
export const formatQuestion = ({ id, name, type }: Question, withEdns = false): Uint8Array | undefined => {
  const labels = name.replace(/\.$/, "").split(".")
  if (name !== "" && name !== "." && labels.some((label) => label === "" || label.length > 63)) return undefined
  const bytes: Array<number> = [id >> 8, id & 255, recursionDesired, 0, 0, 1, 0, 0, 0, 0, 0, withEdns ? 1 : 0]
  for (const label of labels)
    if (label !== "") {
      bytes.push(label.length)
      for (let i = 0; i < label.length; i++) bytes.push(label.charCodeAt(i))
    }
  bytes.push(0)
  if (bytes.length - headerBytes > mostNameBytes) return undefined
  bytes.push(0, numbers[type], 0, internet)
  // An OPT record: of the root, with a length in place of its class (RFC 6891, 6.1.2).
  if (withEdns) bytes.push(0, 0, optType, udpBytesMax >> 8, udpBytesMax & 255, 0, 0, 0, 0, 0, 0)
  return Uint8Array.from(bytes)
}

export interface Answer {
  /** The rest is to be had over TCP. */
  readonly truncated: boolean
  readonly code: "ok" | "noSuchName" | "noData" | "serverFailed"
  /** Records of the type asked for, however many aliases led to them; for CNAME the end of the chain. */
  readonly addresses: ReadonlyArray<IpAddress>
  readonly exchanges: ReadonlyArray<DnsAnswer.MxRecord>
  readonly names: ReadonlyArray<ByteString>
}

/** The answer to a question that no server can be asked. */
export const unaskable: Answer = { truncated: false, code: "noSuchName", addresses: [], exchanges: [], names: [] }

/** What an answer says about the records that `pick` takes out of it. */
export const verdict = <A>(answer: Answer, pick: (answer: Answer) => ReadonlyArray<A>): DnsAnswer.DnsAnswer<A> => {
  switch (answer.code) {
    case "ok":
      return DnsAnswer.records(pick(answer))
    case "noSuchName":
    case "noData":
      return DnsAnswer.hard
    case "serverFailed":
      return DnsAnswer.soft
  }
}

/** `foreign`: an answer to something else, to be waited past. `broken`: the right answer, but unreadable. */
export type Unreadable = "foreign" | "broken"

export const parseAnswer = (bytes: Uint8Array, question: Question): Result.Result<Answer, Unreadable> => {
  if (bytes.length < headerBytes || number16(bytes, 0) !== question.id || (bytes[2]! & isAnswer) === 0)
    return Result.fail("foreign")
  const asked = number16(bytes, 4)
  const code = codes[bytes[3]! & 15] ?? "serverFailed"
  const truncated = (bytes[2]! & isTruncated) !== 0
  // Some servers refuse without repeating the question.
  if (asked === 0 && code === "serverFailed") return Result.succeed({ ...nothing, truncated, code })
  const name = asked === 1 ? readName(bytes, headerBytes) : undefined
  if (name === undefined || !isEcho(bytes, name, question)) return Result.fail("foreign")
  if (truncated || code !== "ok") return Result.succeed({ ...nothing, truncated, code })
  return readRecords(bytes, name.next + 4, question)
}

const isEcho = (bytes: Uint8Array, name: Name, question: Question): boolean =>
  name.next + 4 <= bytes.length &&
  number16(bytes, name.next) === numbers[question.type] &&
  number16(bytes, name.next + 2) === internet &&
  equalFolded(name.text, question.name.replace(/\.$/, ""))

const readRecords = (bytes: Uint8Array, start: number, question: Question): Result.Result<Answer, Unreadable> => {
  const addresses: Array<IpAddress> = []
  const exchanges: Array<DnsAnswer.MxRecord> = []
  const names: Array<ByteString> = []
  if (number16(bytes, 6) === 0) return Result.succeed({ ...nothing, truncated: false, code: "noData" })
  let at = start
  for (let left = number16(bytes, 6); left > 0; left--) {
    const owner = readName(bytes, at)
    if (owner === undefined || owner.next + 10 > bytes.length) return Result.fail("broken")
    const type = number16(bytes, owner.next)
    const length = number16(bytes, owner.next + 8)
    const data = owner.next + 10
    at = data + length
    if (at > bytes.length) return Result.fail("broken")
    if (type !== numbers[question.type] || number16(bytes, owner.next + 2) !== internet) continue
    switch (question.type) {
      case "A":
      case "AAAA":
        if (length !== (question.type === "A" ? 4 : 16)) return Result.fail("broken")
        addresses.push([...bytes.subarray(data, at)])
        break
      case "MX": {
        const exchange = length < 3 ? undefined : readName(bytes, data + 2)
        if (exchange === undefined) return Result.fail("broken")
        exchanges.push({ preference: number16(bytes, data), exchange: exchange.text })
        break
      }
      case "PTR":
      case "CNAME": {
        const target = readName(bytes, data)
        if (target === undefined) return Result.fail("broken")
        names.push(target.text)
      }
    }
  }
  return Result.succeed({ truncated: false, code: "ok", addresses, exchanges, names })
}

interface Name {
  readonly text: ByteString
  /** The place behind it. */
  readonly next: number
}

/** A pointer must go back, so that no chain of them is endless. */
const readName = (bytes: Uint8Array, start: number): Name | undefined => {
  const labels: Array<ByteString> = []
  let at = start
  let next: number | undefined
  let total = 0
  for (;;) {
    const length = bytes[at]
    if (length === undefined) return undefined
    if (length === 0) return { text: labels.join("."), next: next ?? at + 1 }
    if (length >= 0xc0) {
      const low = bytes[at + 1]
      const target = low === undefined ? at : (length & 0x3f) * 256 + low
      if (target >= at) return undefined
      next ??= at + 2
      at = target
      continue
    }
    if (length > 63 || at + 1 + length > bytes.length) return undefined
    total += length + 1
    if (total > mostNameBytes) return undefined
    labels.push(fromChunk(bytes, at + 1, at + 1 + length))
    at += 1 + length
  }
}

const number16 = (bytes: Uint8Array, at: number): number => bytes[at]! * 256 + bytes[at + 1]!

/** `4.3.2.1.in-addr.arpa`, and the nibbles of an IPv6 address under ip6.arpa (RFC 3596, 2.5). */
export const reverseName = (ip: IpAddress): ByteString =>
  ip.length === 4
    ? `${ip.toReversed().join(".")}.in-addr.arpa`
    : `${ip
        .toReversed()
        .map((byte) => `${(byte & 15).toString(16)}.${(byte >> 4).toString(16)}`)
        .join(".")}.ip6.arpa`

const nothing = { addresses: [], exchanges: [], names: [] }
const numbers = { A: 1, CNAME: 5, PTR: 12, MX: 15, AAAA: 28 } as const satisfies Record<RecordType, number>
const codes: Readonly<Record<number, Answer["code"]>> = { 0: "ok", 3: "noSuchName" }
const optType = 41
/** As glibc: it fits into every packet, so that none is cut into fragments. */
const udpBytesMax = 1200
const internet = 1
const headerBytes = 12
const mostNameBytes = 255
const recursionDesired = 0x01
const isAnswer = 0x80
const isTruncated = 0x02
