/** What a command of a .qmail file knows of its message: the variables SENDER, EXT, HOST2 and the others. */
import type { Address } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"
import * as TraceFields from "../header/TraceFields.ts"
import * as Time from "../Time.ts"

/** One delivery to one local address: qmail-local's eight operands. */
export interface LocalAddress {
  readonly user: ByteString
  /** Absolute. */
  readonly homedir: ByteString
  readonly local: ByteString
  readonly dash: ByteString
  readonly ext: ByteString
  readonly domain: ByteString
  readonly sender: Address
  /** Instructions of those who have none. */
  readonly defaultDelivery: ByteString
}

/** Marks that this address has seen the message. */
export const deliveredTo = ({ domain, local }: Pick<LocalAddress, "domain" | "local">, classic: boolean): ByteString =>
  TraceFields.deliveredTo(`${local}@${domain}`, classic)

/** The line that begins an mbox entry; `now` in seconds since 1970. */
export const fromLine = (sender: Address, now: number, classic: boolean): ByteString =>
  `From ${sender === "" ? "MAILER-DAEMON" : sender.replace(classic ? /[ \t\n]/g : /[ \t\n\r]/g, "-")} ${Time.ctime(now)}\n`

export interface Facts extends LocalAddress {
  /** Seconds since 1970. */
  readonly now: number
  readonly classic: boolean
  readonly newSender: Address
  /** What a default file stands for; undefined for the others. */
  readonly defaultPart: ByteString | undefined
}

export const variables = (facts: Facts): Readonly<Record<ByteString, ByteString>> => {
  const { classic, defaultPart, domain, ext, homedir, local, newSender, now, sender, user } = facts
  const ext2 = afterDash(ext)
  const ext3 = afterDash(ext2)
  const host2 = beforeDot(domain)
  const host3 = beforeDot(host2)
  return {
    HOST: domain,
    HOME: homedir,
    USER: user,
    LOCAL: local,
    RECIPIENT: `${local}@${domain}`,
    DTLINE: deliveredTo(facts, classic),
    SENDER: sender,
    RPLINE: TraceFields.returnPath(sender, classic),
    UFLINE: fromLine(sender, now, classic),
    EXT: ext,
    EXT2: ext2,
    EXT3: ext3,
    EXT4: afterDash(ext3),
    HOST2: host2,
    HOST3: host3,
    HOST4: beforeDot(host3),
    NEWSENDER: newSender,
    ...(defaultPart !== undefined && { DEFAULT: defaultPart })
  }
}

const afterDash = (text: ByteString): ByteString => {
  const dash = text.indexOf("-")
  return dash < 0 ? "" : text.slice(dash + 1)
}

/** The whole if there is no dot left. */
const beforeDot = (text: ByteString): ByteString => {
  const dot = text.lastIndexOf(".")
  return dot < 0 ? text : text.slice(0, dot)
}

/** The environment that a command starts from. Homes of our own tell it where they are and where the programs lie. */
export const environment = (
  inherited: Readonly<Record<ByteString, ByteString>>,
  home: { readonly path: ByteString; readonly classic: boolean }
): Readonly<Record<ByteString, ByteString>> =>
  home.classic
    ? inherited
    : { ...inherited, QMAILHOME: home.path, PATH: `${home.path}/bin:${inherited["PATH"] ?? "/usr/bin:/bin"}` }
