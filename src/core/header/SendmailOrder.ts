/**
 * The command line of sendmail, as an order to run one of qmail's programs. Options that mean something to sendmail
 * only are accepted and forgotten: in a qmail home those of notqmail's sendmail.c, in ours all that callers use.
 */
import { type Address, nobody, split } from "../address/Address.ts"
import { type ByteString, withoutControl } from "../Bytes.ts"
import * as Getopt from "../command/Getopt.ts"
import { type ExitCode, exitPermanent } from "../Outcome.ts"
import * as TypedAddresses from "./TypedAddresses.ts"

type Environment = Readonly<Record<ByteString, ByteString>>

export type SendmailOrder =
  | {
      readonly _tag: "Run"
      /** One of bin/. */
      readonly program: "qmail-inject" | "qmail-smtpd" | "qmail-qread"
      readonly arguments: ReadonlyArray<ByteString>
      readonly environment: Environment
    }
  /** `text` is for descriptor 1, and nothing else is to be done. */
  | { readonly _tag: "Say"; readonly text: ByteString }
  /** `complaint` is for descriptor 2, as it is. */
  | { readonly _tag: "Refuse"; readonly exitCode: ExitCode; readonly complaint: ByteString }

/** `calledAs` is the name without directories: as `mailq` it lists the queue. */
export const parse = (
  calledAs: ByteString,
  args: ReadonlyArray<ByteString>,
  given: Environment,
  classic: boolean
): SendmailOrder => (classic ? parseClassic(calledAs, args, given) : parseOurs(calledAs, args, given))

const parseClassic = (calledAs: ByteString, args: ReadonlyArray<ByteString>, given: Environment): SendmailOrder => {
  const { complaint, options, rest } = Getopt.scan("vimte:f:p:o:B:F:E::J::xb:", args)
  let environment = given
  let headerToo = false
  let sender: Address | undefined
  for (const { letter, value } of options) {
    if (letter === "t") headerToo = true
    if (letter === "f") sender = value
    if (letter === "F") environment = { ...environment, MAILNAME: value }
    if (letter === "b" && value[0] !== "m") return inMode(value[0], environment) ?? refuse(usage)
  }
  if (complaint !== undefined) return refuse(`${calledAs}: ${complaint}\n${usage}`)
  if (calledAs === "mailq") return inMode("p", environment) ?? refuse(usage)
  if (calledAs === "newaliases") return refuse("sendmail: fatal: please use fastforward/newaliases instead\n")
  return {
    _tag: "Run",
    program: "qmail-inject",
    arguments: [headerToo ? "-H" : "-a", ...(sender === undefined ? [] : ["-f", sender]), "--", ...rest],
    environment: sender === undefined ? environment : inNameOf(sender, environment)
  }
}

const parseOurs = (calledAs: ByteString, args: ReadonlyArray<ByteString>, given: Environment): SendmailOrder => {
  const { complaint, options, rest } = Getopt.scan(callersOptions, args)
  if (complaint !== undefined) return refuse(`${calledAs}: ${complaint}\n${usage}`)
  const before = args.at(-rest.length - 1)
  if (before === "--help") return say(help)
  if (before === "--version") return say("Thresher sendmail\n")
  if (before !== "--" && before?.startsWith("--"))
    return refuse(`${calledAs}: illegal option -- ${before.slice(2)}\n${usage}`)
  const last = (letters: string): ByteString | undefined =>
    options.findLast(({ letter }) => letters.includes(letter))?.value
  const mode = modeOf[calledAs] ?? (options.some(({ letter }) => letter === "I") ? "i" : (last("b") ?? "m"))
  if (mode[0] === "v") return verified(calledAs, rest)
  if (mode[0] === "i") return say("nothing to rebuild: aliases are .qmail files, see dot-qmail(5)\n")
  if (mode[0] !== "m") return inMode(mode[0], given) ?? refuse(`${calledAs}: no such mode here: -b${mode}\n${usage}`)
  const headerToo = last("t") !== undefined
  // The server runs the queue; there is no message to read.
  if (rest.length === 0 && !headerToo && last("q") !== undefined) return say("")
  if (rest.length === 0 && !headerToo)
    return refuse(`${calledAs}: no recipients: name them, or take those of the header with -t\n${usage}`)
  const misplaced = before === "--" ? undefined : rest.find((word) => word[0] === "-")
  if (misplaced !== undefined) return refuse(`${calledAs}: option behind a recipient: ${misplaced}\n${usage}`)
  const [sender, name] = [last("fr"), last("F")]
  const author = sender === undefined ? undefined : TypedAddresses.parseSender(sender)
  const environment = author === undefined || author === nobody ? given : inNameOf(author, given)
  return {
    _tag: "Run",
    program: "qmail-inject",
    arguments: [headerToo ? "-H" : "-a", ...(sender === undefined ? [] : ["-f", sender]), "--", ...rest],
    environment: name === undefined ? environment : { ...environment, QMAILNAME: name }
  }
}

const modeOf: Readonly<Record<ByteString, string>> = { mailq: "p", newaliases: "i" }

/** The author is the sender, without a name; `given` may say what it wants. */
const inNameOf = (sender: Address, given: Environment): Environment => {
  const environment = Object.fromEntries(Object.entries(given).filter(([name]) => !ofAuthor.includes(name)))
  const parts = split(sender)
  return parts === undefined
    ? { ...environment, QMAILUSER: sender }
    : { ...environment, QMAILUSER: parts.box, QMAILHOST: parts.domain }
}

const ofAuthor: ReadonlyArray<string> = ["QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST"]

/** -bv: nothing is queued, and only the form of an address can be told now. */
const verified = (calledAs: ByteString, typed: ReadonlyArray<ByteString>): SendmailOrder => {
  const bad = typed.find((text) => TypedAddresses.parseRecipients(text) === undefined)
  if (bad !== undefined) return refuse(`${calledAs}: unable to parse address: ${withoutControl(bad, "?")}\n`)
  const addresses = typed.flatMap((text) => TypedAddresses.parseRecipients(text) ?? [])
  return say(addresses.map((address) => `${address}... well formed\n`).join(""))
}

/** Undefined: a mode that none of the programs has. */
const inMode = (mode: ByteString | undefined, environment: Environment): SendmailOrder | undefined => {
  if (mode === "p") return { _tag: "Run", program: "qmail-qread", arguments: [], environment }
  if (mode === "s")
    return {
      _tag: "Run",
      program: "qmail-smtpd",
      arguments: [],
      environment: environment["PROTO"] === undefined ? { ...environment, ...ownClient } : environment
    }
  return undefined
}

const say = (text: ByteString): SendmailOrder => ({ _tag: "Say", text })

const refuse = (complaint: ByteString): SendmailOrder => ({ _tag: "Refuse", exitCode: exitPermanent, complaint })

/** What qmail-smtpd is told of a client on this host, who may relay and send as much as he likes. */
const ownClient: Environment = {
  RELAYCLIENT: "",
  DATABYTES: "0",
  PROTO: "TCP",
  TCPLOCALIP: "127.0.0.1",
  TCPLOCALHOST: "localhost",
  TCPREMOTEIP: "127.0.0.1",
  TCPREMOTEHOST: "localhost",
  TCPREMOTEINFO: "sendmail-bs"
}

/**
 * Those of sendmail 8 and of what replaces it. Behind -d, -q, -Q and -T a value is part of the word; -E and -J are
 * qmail's.
 */
const callersOptions = "vimtce:f:r:p:o:O:B:F:E::J::xb:A:C:D:d::GIL:M:N:nQ::q::R:sT::UV:X:h:"

const usage = "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n"

const help = `usage: sendmail [ options ] [ recipient ... ]
  -t              take recipients from To, Cc and Bcc, too
  -f, -r ADDRESS  sender of the envelope; '' or '<>' for none
  -F NAME         full name of the author
  -bp             list the queue
  -bs             speak SMTP on descriptors 0 and 1
  -bv             say whether addresses are well formed; nothing is queued
  -i, -oi ...     other options of sendmail are accepted and ignored
The message is read from descriptor 0.
`
