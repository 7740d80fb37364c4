/** The command line and the environment of qmail-inject: which addresses count, and in whose name the message goes. */
import type { Address } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"
import * as Getopt from "../command/Getopt.ts"

export interface SubmissionOptions {
  /** -a, -h, -H, and -A: `arguments` if there are any, else `header`. */
  readonly recipients: "arguments" | "header" | "both" | "either"
  /** The arguments, as typed. */
  readonly addresses: ReadonlyArray<Address>
  /** -n: nothing is queued, the message is printed. */
  readonly print: boolean
  /** Each -f as typed; all must be addresses, the last one counts. */
  readonly senders: ReadonlyArray<Address>
  /** The letters of QMAILINJECT. */
  readonly style: Style
  readonly author: Author
  /** In place of control files. */
  readonly hosts: Hosts
  /** Where a list of mailing lists is kept, for Mail-Followup-To. */
  readonly followupFile?: ByteString | undefined
  /** A bad option, for descriptor 2. */
  readonly complaint?: ByteString | undefined
}

export interface Style {
  /** c: `user@host (Name)` */
  readonly nameInComment: boolean
  /** s, f, i: these fields of the user's own do not count. */
  readonly dropReturnPath: boolean
  readonly dropFrom: boolean
  readonly dropMessageId: boolean
  /** r, m: bounces come back to an address made for the recipient, for the message. */
  readonly verpRecipient: boolean
  readonly verpMessage: boolean
}

export interface Author {
  readonly user: ByteString
  readonly host: ByteString | undefined
  readonly fullName: ByteString | undefined
  /** The same for the envelope. */
  readonly senderUser: ByteString
  readonly senderHost: ByteString | undefined
}

/** Undefined: the control file counts. */
export interface Hosts {
  readonly defaultDomain: ByteString | undefined
  readonly defaultHost: ByteString | undefined
  readonly plusDomain: ByteString | undefined
  readonly idHost: ByteString | undefined
}

type Environment = Readonly<Record<ByteString, ByteString>>

export const parse = (args: ReadonlyArray<ByteString>, environment: Environment): SubmissionOptions => {
  const { complaint, options, rest } = Getopt.scan("aAhHnNf:", args)
  const last = (letters: string): string | undefined =>
    options.findLast(({ letter }) => letters.includes(letter))?.letter
  return {
    recipients: strategies[last("aAhH") as keyof typeof strategies] ?? "either",
    addresses: rest,
    print: last("nN") === "n",
    senders: options.filter(({ letter }) => letter === "f").map(({ value }) => value),
    style: styleOf(environment["QMAILINJECT"] ?? ""),
    author: authorOf(environment),
    hosts: {
      defaultDomain: environment["QMAILDEFAULTDOMAIN"],
      defaultHost: environment["QMAILDEFAULTHOST"],
      plusDomain: environment["QMAILPLUSDOMAIN"],
      idHost: environment["QMAILIDHOST"]
    },
    followupFile: environment["QMAILMFTFILE"],
    complaint
  }
}

const strategies = { a: "arguments", A: "either", h: "header", H: "both" } as const

const styleOf = (letters: ByteString): Style => ({
  nameInComment: letters.includes("c"),
  dropReturnPath: letters.includes("s"),
  dropFrom: letters.includes("f"),
  dropMessageId: letters.includes("i"),
  verpRecipient: letters.includes("r"),
  verpMessage: letters.includes("m")
})

const authorOf = (environment: Environment): Author => {
  const first = (...names: ReadonlyArray<string>): ByteString | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined)
  const user = first("QMAILUSER", "MAILUSER", "USER", "LOGNAME") ?? "anonymous"
  const host = first("QMAILHOST", "MAILHOST")
  return {
    user,
    host,
    fullName: first("QMAILNAME", "MAILNAME", "NAME"),
    senderUser: environment["QMAILSUSER"] ?? user,
    senderHost: environment["QMAILSHOST"] ?? host
  }
}
