/**
 * The command line of sendmail, as an order to run one of qmail's programs. Options that mean something to sendmail
 * only are accepted and forgotten. (notqmail's sendmail.c)
 */
import { type Address, split } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"
import * as Getopt from "../command/Getopt.ts"
import { type ExitCode, exitPermanent } from "../Outcome.ts"

type Environment = Readonly<Record<ByteString, ByteString>>

export type SendmailOrder =
  | {
      readonly _tag: "Run"
      /** One of bin/. */
      readonly program: "qmail-inject" | "qmail-smtpd" | "qmail-qread"
      readonly arguments: ReadonlyArray<ByteString>
      readonly environment: Environment
    }
  /** `complaint` is for descriptor 2, as it is. */
  | { readonly _tag: "Refuse"; readonly exitCode: ExitCode; readonly complaint: ByteString }

/** `calledAs` is the name without directories: as `mailq` it lists the queue. */
export const parse = (calledAs: ByteString, args: ReadonlyArray<ByteString>, given: Environment): SendmailOrder => {
  const { complaint, options, rest } = Getopt.scan("vimte:f:p:o:B:F:E::J::xb:", args)
  let environment = given
  let headerToo = false
  let sender: Address | undefined
  for (const { letter, value } of options) {
    if (letter === "t") headerToo = true
    if (letter === "f") sender = value
    if (letter === "F") environment = { ...environment, MAILNAME: value }
    if (letter === "b" && value[0] !== "m") return inMode(value[0], environment)
  }
  if (complaint !== undefined) return refuse(`${calledAs}: ${complaint}\n${usage}`)
  if (calledAs === "mailq") return inMode("p", environment)
  if (calledAs === "newaliases") return refuse("sendmail: fatal: please use fastforward/newaliases instead\n")
  return {
    _tag: "Run",
    program: "qmail-inject",
    arguments: [headerToo ? "-H" : "-a", ...(sender === undefined ? [] : ["-f", sender]), "--", ...rest],
    environment: sender === undefined ? environment : inNameOf(sender, environment)
  }
}

/** The author is the sender, without a name; `given` may say what it wants. */
const inNameOf = (sender: Address, given: Environment): Environment => {
  const environment = Object.fromEntries(Object.entries(given).filter(([name]) => !ofAuthor.includes(name)))
  const parts = split(sender)
  return parts === undefined
    ? { ...environment, QMAILUSER: sender }
    : { ...environment, QMAILUSER: parts.box, QMAILHOST: parts.domain }
}

const ofAuthor: ReadonlyArray<string> = ["QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST"]

const inMode = (mode: ByteString | undefined, environment: Environment): SendmailOrder => {
  if (mode === "p") return { _tag: "Run", program: "qmail-qread", arguments: [], environment }
  if (mode === "s")
    return {
      _tag: "Run",
      program: "qmail-smtpd",
      arguments: [],
      environment: environment["PROTO"] === undefined ? { ...environment, ...ownClient } : environment
    }
  return refuse(usage)
}

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

const usage = "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n"
