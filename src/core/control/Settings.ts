/**
 * Every control file once: its name, how it is read, what holds if it is missing, who reads it. The readers,
 * `qmail-showctl`, `thresher check` and the manual are made from this table.
 */
import type { ByteString } from "../Bytes.ts"
import * as SettingValues from "./SettingValues.ts"

/** What a missing line file means: the content of control/me or this literal, the literal, or nothing. */
export type LineDefault =
  | { readonly _tag: "MeElse"; readonly literal: ByteString }
  | { readonly _tag: "Literal"; readonly literal: ByteString }
  | { readonly _tag: "Me" }
  | { readonly _tag: "None" }

interface Common {
  readonly name: string
  /** Programs that read it, without their `qmail-`. */
  readonly readBy: ReadonlyArray<string>
  /** What it is, for the manual: no full stop. */
  readonly meaning: string
  /** HUP makes qmail-send read it again. */
  readonly reread?: true
}

export interface LineSetting extends Common {
  readonly reader: "line"
  readonly default: LineDefault
}
export interface IntegerSetting extends Common {
  readonly reader: "integer"
  readonly default: number
  /** The default of a home that is not classic. */
  readonly own?: number
}
export interface ListSetting extends Common {
  readonly reader: "list" | "map"
  /** A missing file stands for control/me. */
  readonly orMe?: true
  /** What a missing file stands for in a home that is not classic. */
  readonly own?: ReadonlyArray<ByteString>
}
export interface CdbSetting extends Common {
  readonly reader: "cdb"
}
export type Setting = LineSetting | IntegerSetting | ListSetting | CdbSetting

const meElse = (literal: ByteString): LineDefault => ({ _tag: "MeElse", literal })
const literal = (text: ByteString): LineDefault => ({ _tag: "Literal", literal: text })
const me: LineDefault = { _tag: "Me" }
const none: LineDefault = { _tag: "None" }

const line = (name: string, fallback: LineDefault, readBy: ReadonlyArray<string>, meaning: string): LineSetting => ({
  name,
  reader: "line",
  default: fallback,
  readBy,
  meaning
})
const integer = (
  name: string,
  fallback: number,
  readBy: ReadonlyArray<string>,
  meaning: string,
  own?: number
): IntegerSetting => ({
  name,
  reader: "integer",
  default: fallback,
  readBy,
  meaning,
  ...(own !== undefined && { own })
})
const list = (name: string, readBy: ReadonlyArray<string>, meaning: string): ListSetting => ({
  name,
  reader: "list",
  readBy,
  meaning
})
const map = (name: string, readBy: ReadonlyArray<string>, meaning: string): ListSetting => ({
  name,
  reader: "map",
  readBy,
  meaning
})

/** In the order in which qmail-showctl prints them; our own follow. */
export const settings = {
  badmailfrom: list("badmailfrom", ["smtpd"], "senders that are refused: user@host or @host"),
  bouncefrom: line("bouncefrom", literal("MAILER-DAEMON"), ["send"], "user of the From field of bounces"),
  bouncehost: line("bouncehost", meElse("bouncehost"), ["send"], "host of the From field of bounces"),
  concurrencylocal: integer("concurrencylocal", 10, ["send"], "local deliveries at once; 0 holds them"),
  concurrencyremote: integer("concurrencyremote", 20, ["send"], "remote deliveries at once; 0 holds them"),
  databytes: integer(
    "databytes",
    0,
    ["smtpd", "qmtpd"],
    "bytes a message may have, 0 for no limit; DATABYTES overrides it",
    50 * 1024 * 1024
  ),
  defaultdomain: line("defaultdomain", meElse("defaultdomain"), ["inject"], "added to hosts without a dot"),
  defaulthost: line("defaulthost", meElse("defaulthost"), ["inject"], "added to addresses without a host"),
  doublebouncehost: line("doublebouncehost", meElse("doublebouncehost"), ["send"], "host that gets double bounces"),
  doublebounceto: line("doublebounceto", literal("postmaster"), ["send"], "user who gets double bounces"),
  envnoathost: line("envnoathost", meElse("envnoathost"), ["send"], "host of envelope recipients without @"),
  helohost: line("helohost", me, ["remote"], "name given in HELO"),
  idhost: line("idhost", meElse("idhost"), ["inject"], "host of Message-ID"),
  localiphost: line("localiphost", me, ["smtpd"], "replaces our own address in user@[address]"),
  locals: {
    name: "locals",
    reader: "list",
    orMe: true,
    readBy: ["send"],
    meaning: "local domains",
    reread: true
  },
  me: line("me", none, ["send", "inject", "smtpd", "qmtpd", "qmqpc", "remote"], "name of this host"),
  percenthack: list("percenthack", ["send"], "hosts with % rewriting"),
  plusdomain: line("plusdomain", meElse("plusdomain"), ["inject"], "added to hosts that end in +"),
  qmqpservers: list("qmqpservers", ["qmqpc"], "addresses of QMQP servers, tried in order"),
  queuelifetime: integer("queuelifetime", 604800, ["send"], "seconds a message may stay in the queue"),
  rcpthosts: list("rcpthosts", ["smtpd", "qmtpd"], "domains that strangers may send to; .x is all below x"),
  morercpthosts: list("morercpthosts", ["newmrh"], "more of rcpthosts, made into a cdb"),
  morercpthostsCdb: {
    name: "morercpthosts.cdb",
    reader: "cdb",
    readBy: ["smtpd", "qmtpd"],
    meaning: "morercpthosts as made by qmail-newmrh"
  },
  smtpgreeting: line("smtpgreeting", me, ["smtpd"], "text of the SMTP greeting"),
  smtproutes: map("smtproutes", ["remote"], "domain:relay:port instead of the MX records"),
  timeoutconnect: integer("timeoutconnect", 60, ["remote"], "seconds to wait for a connection"),
  timeoutremote: integer("timeoutremote", 1200, ["remote"], "seconds to wait for each answer of a server"),
  timeoutsmtpd: integer("timeoutsmtpd", 1200, ["smtpd"], "seconds to wait for each command of a client"),
  virtualdomains: {
    name: "virtualdomains",
    reader: "map",
    readBy: ["send"],
    meaning: "user@domain:prepend, domain:prepend, .domain:prepend or :prepend",
    reread: true
  },
  passwdfile: line("passwdfile", none, ["getpw"], "the only file of accounts, instead of the system's"),
  classic: line("classic", none, ["thresher"], "1: behave as notqmail; 0: use our defaults"),
  openrelay: integer("openrelay", 0, ["smtpd", "qmtpd"], "1: without rcpthosts anyone may relay", 0),
  relayclients: map(
    "relayclients",
    ["smtpd", "qmtpd"],
    "client addresses, prefixes or networks that may relay, with :suffix as RELAYCLIENT's value"
  ),
  foreigncommands: {
    name: "foreigncommands",
    reader: "list",
    own: ["GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT"],
    readBy: ["smtpd"],
    meaning: "commands of other protocols, which end a session that begins with one"
  },
  maxhops: integer("maxhops", 100, ["smtpd", "qmtpd"], "Received and Delivered-To fields before a message is a loop"),
  maxrecipients: integer("maxrecipients", 0, ["smtpd"], "recipients a message may have, 0 for no limit", 1000),
  syncbounce: integer("syncbounce", 1, ["send"], "1: a failure is on disk before its recipient is done"),
  autoreload: integer("autoreload", 0, ["send"], "seconds between looks at the control files, 0 for only on HUP"),
  classicpass: integer("classicpass", 1, ["send"], "1: a slow delivery holds up all of its message", 0),
  concurrencybounce: integer("concurrencybounce", 1, ["send"], "bounces queued at once", 4),
  concurrencytotal: integer("concurrencytotal", 0, ["send"], "deliveries at once in all, 0 for no other limit"),
  passquantum: integer("passquantum", 0, ["send"], "recipients of a message before others get a turn, 0 for all", 30),
  yell: integer("yell", 0, ["send"], "seconds of standing still that are worth a warning, 0 for none", 5),
  barecr: line(
    "barecr",
    literal("convert"),
    ["remote"],
    "a CR without LF in a message: convert it to a line end, or refuse"
  ),
  connreuse: integer("connreuse", 1, ["rspawn", "remote"], "messages sent over one connection to a host", 20),
  esmtp: integer("esmtp", 0, ["remote"], "1: greet with EHLO and use PIPELINING, SIZE and 8BITMIME where offered", 1),
  dropbytes: integer(
    "dropbytes",
    100 * 1024 * 1024,
    ["queue", "thresher"],
    "bytes that one account may have waiting in drop, 0 for no limit"
  ),
  dropmessages: integer(
    "dropmessages",
    1000,
    ["queue", "thresher"],
    "messages that one account may have waiting in drop, 0 for no limit"
  ),
  mxtry: line(
    "mxtry",
    literal("connect"),
    ["remote"],
    "try the next host of a domain if there is no connection (connect), no welcome (greeting), or a temporary refusal (any4)"
  ),
  timeoutconnecttotal: integer(
    "timeoutconnecttotal",
    0,
    ["remote"],
    "seconds for all connection attempts of a delivery"
  ),
  timeoutdns: integer("timeoutdns", 0, ["remote"], "seconds to wait for the DNS", 60)
} as const satisfies Record<string, Setting>

export const all: ReadonlyArray<Setting> = Object.values(settings)

/**
 * `content` is the first line of the file; `name` that of control/me. In homes of our own a file with an empty line
 * counts as missing if it has a default: half an address would be made of it.
 */
export const lineOr = (
  setting: LineSetting,
  content: ByteString | undefined,
  name: ByteString | undefined,
  classic = true
): ByteString | undefined => {
  const hasLiteral = setting.default._tag === "MeElse" || setting.default._tag === "Literal"
  const isKnown = content !== undefined && SettingValues.wordsOf(setting.name)?.includes(content) !== false
  if (isKnown && (content !== "" || classic || !hasLiteral)) return content
  switch (setting.default._tag) {
    case "MeElse":
      return name === undefined || (name === "" && !classic) ? setting.default.literal : name
    case "Literal":
      return setting.default.literal
    case "Me":
      return name
    case "None":
      return undefined
  }
}

/** Undefined: a missing file lists nothing. */
export const listOr = (
  { own }: ListSetting,
  entries: ReadonlyArray<ByteString> | undefined,
  classic: boolean
): ReadonlyArray<ByteString> | undefined => entries ?? (classic ? undefined : own)

export const integerOr = (setting: IntegerSetting, content: number | undefined, classic: boolean): number =>
  content === undefined
    ? classic
      ? setting.default
      : (setting.own ?? setting.default)
    : SettingValues.numberCounts(setting.name, content)
