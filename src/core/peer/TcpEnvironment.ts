/**
 * Which variables tell a program who is connected to it?
 *
 * A name is in lower case; `softdnserror` stands for one that could not be asked for now; there is no variable for
 * what nobody knows. What the caller's environment said before does not count.
 *
 * From: tcp-env.c, tcp-environ(5). A name that does not lead back to its address is none (W12).
 */
import * as IpAddress from "../address/IpAddress.ts"
import { type ByteString, lower } from "../Bytes.ts"
import type { TcpPair } from "./TcpPair.ts"

export type Environment = Readonly<Record<ByteString, ByteString>>

/** The answer of the DNS about an address. */
export type HostName =
  | { readonly _tag: "Named"; readonly name: ByteString }
  | { readonly _tag: "Nameless" }
  | { readonly _tag: "Unknown" }

export interface Facts {
  readonly pair: TcpPair
  readonly localHost: HostName
  readonly remoteHost: HostName
  /** Undefined: nobody was asked, or nobody answered. */
  readonly remoteInfo: ByteString | undefined
}

/** Somebody before us has told already. */
export const isTold = (inherited: Environment): boolean => inherited["PROTO"] === "TCP"

export const environment = (inherited: Environment, facts: Facts): Environment => {
  const { local, remote } = facts.pair
  const told: Record<string, ByteString | undefined> = {
    PROTO: "TCP",
    TCPLOCALIP: IpAddress.format(local.ip),
    TCPLOCALPORT: `${local.port}`,
    TCPLOCALHOST: variable(facts.localHost),
    TCPREMOTEIP: IpAddress.format(remote.ip),
    TCPREMOTEPORT: `${remote.port}`,
    TCPREMOTEHOST: variable(facts.remoteHost),
    TCPREMOTEINFO: facts.remoteInfo
  }
  const all: Record<ByteString, ByteString> = {}
  for (const [name, value] of Object.entries({ ...inherited, ...told })) if (value !== undefined) all[name] = value
  return all
}

const variable = (host: HostName): ByteString | undefined => {
  switch (host._tag) {
    case "Named":
      return lower(host.name)
    case "Unknown":
      return "softdnserror"
    case "Nameless":
      return undefined
  }
}

/** `addresses`: those of the name, as far as they were found; undefined if they cannot be asked for now. */
export const confirmed = (
  host: HostName,
  ip: IpAddress.IpAddress,
  addresses: ReadonlyArray<IpAddress.IpAddress> | undefined
): HostName => {
  if (host._tag !== "Named") return host
  if (addresses === undefined) return { _tag: "Unknown" }
  return addresses.some((address) => IpAddress.equals(address, ip)) ? host : { _tag: "Nameless" }
}

export interface Options {
  /** Ask the other host whose connection it is. */
  readonly asksIdent: boolean
  /** Believe a name only if it leads back to the address. */
  readonly confirmsName: boolean
  /** For each step of asking the other host. */
  readonly identSeconds: number
}

/** The last of two letters that contradict each other counts; letters that mean nothing are ignored. */
export const options = (given: ReadonlyArray<{ readonly letter: string; readonly value: ByteString }>): Options => {
  let chosen: Options = { asksIdent: true, confirmsName: false, identSeconds: 30 }
  for (const { letter, value } of given)
    if (letter === "r" || letter === "R") chosen = { ...chosen, asksIdent: letter === "r" }
    else if (letter === "p" || letter === "P") chosen = { ...chosen, confirmsName: letter === "p" }
    else if (letter === "t") chosen = { ...chosen, identSeconds: Number(/^[0-9]{0,9}/.exec(value)![0]) }
  return chosen
}

/** For getopt: every byte is a letter. */
export const letters = `t:${Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1))
  .filter((letter) => letter !== "t" && letter !== ":")
  .join("")}`
