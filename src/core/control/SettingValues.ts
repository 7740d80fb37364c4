/**
 * What a number or a word in a control file counts as, where not each one has a meaning of its own. Who reads the file
 * gets what it counts as; `qmail-showctl` and `thresher check` say it.
 */
import type { ByteString } from "../Bytes.ts"

export const numberCounts = (name: string, given: number): number => counts[name]?.(given) ?? given

/** What 0 brings about, where hardly anybody can want it. */
export const zeroMeans = (name: string): string | undefined => zeros[name]

/** The only values there are: anything else is as if the file did not exist. Undefined: any value will do. */
export const wordsOf = (name: string): ReadonlyArray<ByteString> | undefined => words[name]

/** 0 is no, everything else yes. */
const isSwitch = (given: number): number => Math.min(given, 1)
/** Of what opens a host to everybody, a typing error is no yes. */
const isStrictSwitch = (given: number): number => (given === 1 ? 1 : 0)
const isAtLeastOne = (given: number): number => Math.max(given, 1)

const counts: Readonly<Record<string, (given: number) => number>> = {
  classicpass: isSwitch,
  concurrencybounce: isAtLeastOne,
  connreuse: isAtLeastOne,
  esmtp: isSwitch,
  openrelay: isStrictSwitch,
  syncbounce: isSwitch,
  timeoutsmtpd: isAtLeastOne
}

const zeros: Readonly<Record<string, string>> = {
  concurrencylocal: "no local mail is delivered",
  concurrencyremote: "no remote mail is sent",
  maxhops: "every message counts as a loop",
  queuelifetime: "mail is returned after its second attempt at the latest",
  timeoutconnect: "no connection is made in time",
  timeoutremote: "no server answers in time"
}

const words: Readonly<Record<string, ReadonlyArray<ByteString>>> = {
  barecr: ["convert", "refuse"],
  mxtry: ["connect", "greeting", "any4"]
}
