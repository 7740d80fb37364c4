/**
 * What qmail-showctl prints: every control file in words.
 *
 * From: qmail-showctl.c. In a qmail home only the files that notqmail knows are known; in ours, all of Settings.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type ByteString, isPrintable, lower, replaceUnless } from "../Bytes.ts"
import * as ControlFile from "./ControlFile.ts"
import { type ControlMeaning, isOpen } from "./ControlMeaning.ts"
import type { GroupRole, InstallRecord, Role } from "./InstallRecord.ts"
import * as Settings from "./Settings.ts"

/** What was found under the name of a control file. */
export type ControlFound =
  | { readonly _tag: "Content"; readonly content: ByteString; readonly mtime: number }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Trouble" }

export interface HomeFacts {
  readonly home: ByteString
  readonly record: InstallRecord
  /** Undefined: there is no such account or group. */
  readonly uids: Readonly<Record<Role, number | undefined>>
  readonly gids: Readonly<Record<GroupRole, number | undefined>>
}

export interface ControlFacts {
  readonly classic: boolean
  /** The names in control/. */
  readonly names: ReadonlyArray<ByteString>
  readonly found: (name: string) => ControlFound
  /** What the rules make of them: said in a home of ours, instead of the words of notqmail. */
  readonly meaning: ControlMeaning
  /** Most deliveries at once that a spawner takes; undefined: there is no such limit. */
  readonly spawn?: number
}

export const preamble = ({ gids, home, record, uids }: HomeFacts): ByteString =>
  [
    `qmail home directory: ${home}.`,
    `user-ext delimiter: ${record.break}.`,
    `paternalism (in decimal): ${record.patrn}.`,
    `silent concurrency limit: ${record.spawn}.`,
    `subdirectory split: ${record.split}.`,
    `user ids: ${roles.map((role) => uids[role] ?? noSuchId).join(", ")}.`,
    `group ids: ${[gids.nofiles, gids.qmail].map((gid) => gid ?? noSuchId).join(", ")}.`,
    ""
  ].join("\n")

/** Everything behind the preamble, the unknown files last. */
export const report = (facts: ControlFacts): ByteString => {
  const known = Settings.all.filter(
    (setting) => !facts.classic || setting.reader === "cdb" || setting.name in sentences
  )
  const names = new Set(known.map(({ name }) => name))
  return [
    ...known.map((setting) => `\n${setting.name}: ${said(setting, facts)}`),
    ...facts.names.filter((name) => !names.has(name)).map((name) => `\n${visible(name)}: ${noIdea}`)
  ].join("")
}

const said = (setting: Settings.Setting, facts: ControlFacts): ByteString => {
  const found = facts.found(setting.name)
  if (found._tag === "Trouble") return trouble
  const content = found._tag === "Content" ? found.content : undefined
  switch (setting.reader) {
    case "line":
      return saidLine(setting, content, facts)
    case "integer":
      return saidInteger(setting, content, facts)
    case "list":
    case "map":
      return saidList(setting, content, facts)
    case "cdb":
      return saidFreshness(facts)
  }
}

const saidLine = (setting: Settings.LineSetting, content: ByteString | undefined, facts: ControlFacts): ByteString => {
  const { after, before } = sentenceOf(setting)
  const me = facts.found("me")
  const name =
    me._tag === "Content" && setting.name !== "me" ? ControlFile.lineOf(me.content, facts.classic) : undefined
  const given = content === undefined ? undefined : ControlFile.lineOf(content, facts.classic)
  const value = Settings.lineOr(setting, given, name, facts.classic)
  const byName = setting.default._tag === "Me" ? (facts.classic ? setting.name : "undefined! Uh-oh") : "nothing"
  const shown = value ?? (setting.name === "me" ? "undefined! Uh-oh" : byName)
  // In a home of ours what is not obeyed is not said.
  const isObeyed = given !== undefined && (facts.classic || given === value)
  return `${isObeyed ? "" : byDefault}${before}${visible(shown)}${after}.\n`
}

const saidInteger = (
  setting: Settings.IntegerSetting,
  content: ByteString | undefined,
  { classic, spawn }: ControlFacts
): ByteString => {
  const { after, before } = sentenceOf(setting)
  const given = content === undefined ? Result.succeed(Option.none<number>()) : ControlFile.integer(content)
  if (Result.isFailure(given)) return trouble
  const number = Option.getOrUndefined(given.success)
  const mark = number === undefined ? byDefault : ""
  // qmail holds the number in 32 bits with a sign.
  if (classic && number !== undefined) return `${before}${Math.max(0, number | 0)}${after}.\n`
  const value = Settings.integerOr(setting, number, classic)
  if (classic) return `${mark}${before}${value}${after}.\n`
  if (setting.name === "databytes" && value === 0) return `${mark}There is no SMTP DATA limit.\n`
  const most = ["concurrencylocal", "concurrencyremote"].includes(setting.name) ? (spawn ?? Infinity) : Infinity
  return `${mark}${before}${Math.min(value, most)}${after}.\n`
}

const saidList = (setting: Settings.ListSetting, content: ByteString | undefined, facts: ControlFacts): ByteString => {
  const { absent, after, before } =
    setting.name === "morercpthosts" && facts.found("rcpthosts")._tag === "Missing"
      ? withoutRcptHosts
      : sentenceOf(setting)
  if (content === undefined) {
    const own = Settings.listOr(setting, undefined, facts.classic)
    if (own !== undefined) return `${byDefault}${own.join(" ")} (${setting.meaning}).\n`
    return `${byDefault}${(facts.classic ? undefined : saidAbsent(setting, facts)) ?? absent ?? "None."}\n`
  }
  const entries = ControlFile.listOf(content, facts.classic)
  const last = new Map(entries.map((entry, at) => [keyOf(entry), at]))
  const said = (entry: ByteString, at: number): ByteString => {
    if (facts.classic || before === withoutRcptHosts.before) return `${before}${visible(entry)}${after}`
    if (isRcptHosts(setting) && isOpen(facts.meaning))
      return entry === "*" ? anyRecipient : `Anyone may relay; doesn't matter that there is ${visible(entry)}.`
    if (
      setting.reader === "map" &&
      setting.name !== "relayclients" &&
      keyOf(entry) !== undefined &&
      last.get(keyOf(entry)) !== at
    )
      return `${visible(entry)} is overridden by a later line.`
    const doubt = facts.meaning.doubt(setting.name, entry)
    return doubt === undefined ? `${before}${visible(entry)}${after}` : `${visible(entry)} ${visible(doubt)}.`
  }
  return "\n" + entries.map((entry, at) => `${said(entry, at)}\n`).join("")
}

/** Undefined: there is no colon. */
const keyOf = (entry: ByteString): ByteString | undefined => /^([^:]*):/.exec(lower(entry))?.[1]

const isRcptHosts = ({ name }: Settings.Setting): boolean => name === "rcpthosts" || name === "morercpthosts"

/** What a missing list means in a home of ours, where that is not what it means to notqmail. */
const saidAbsent = ({ name }: Settings.ListSetting, { found, meaning }: ControlFacts): string | undefined => {
  if (name === "rcpthosts" && !isOpen(meaning))
    return "SMTP clients may send messages only to recipients at local and virtual domains."
  if (name !== "locals") return undefined
  const me = found("me")
  return me._tag === "Content"
    ? `Messages for ${visible(ControlFile.lineOf(me.content, false))} are delivered locally.`
    : "No messages are delivered at all: there is no control/me."
}

/** Is the database newer than what it was made from? */
const saidFreshness = (facts: ControlFacts): ByteString => {
  const source = facts.found("morercpthosts")
  const made = facts.found("morercpthosts.cdb")
  if (source._tag === "Missing")
    return made._tag === "Missing"
      ? `${byDefault}No effect.\n`
      : "Oops! morercpthosts.cdb exists but morercpthosts doesn't.\n"
  if (made._tag === "Missing") return "Oops! morercpthosts exists but morercpthosts.cdb doesn't.\n"
  return source._tag === "Content" && made._tag === "Content" && Math.floor(source.mtime) > Math.floor(made.mtime)
    ? "Oops! morercpthosts.cdb is older than morercpthosts.\n"
    : "Modified recently enough; hopefully up to date.\n"
}

const visible = (text: ByteString): ByteString => replaceUnless(text, isPrintable, "?")

const byDefault = "(Default.) "
const trouble = "Oops! Trouble reading this file.\n"
const noIdea = "I have no idea what this file does.\n"
/** What a uid of -1 looks like; no account has it. */
const noSuchId = 0xffff_ffff
const roles: ReadonlyArray<Role> = ["alias", "qmaild", "qmaill", "root", "qmailp", "qmailq", "qmailr", "qmails"]

/** Around the value, or around each entry of a list; `absent` stands for a list whose file is missing. */
interface Sentence {
  readonly before: string
  readonly after: string
  readonly absent?: string
}

const sentenceOf = (setting: Settings.Setting): Sentence =>
  (sentences as Readonly<Record<string, Sentence>>)[setting.name] ?? {
    before: "",
    after: setting.reader === "line" || setting.reader === "integer" ? ` (${setting.meaning})` : "",
    absent: `None (${setting.meaning}).`
  }

const around = (before: string, after = "", absent = ""): Sentence => ({ before, after, absent })
const anyRecipient = "SMTP clients may send messages to any recipient."
const recipientsAt = "SMTP clients may send messages to recipients at "

/** The words of notqmail for its files; ours are described by their meaning. */
const sentences = {
  badmailfrom: around("", " not accepted in MAIL FROM.", "Any MAIL FROM is allowed."),
  bouncefrom: around("Bounce user name is "),
  bouncehost: around("Bounce host name is "),
  concurrencylocal: around("Local concurrency is "),
  concurrencyremote: around("Remote concurrency is "),
  databytes: around("SMTP DATA limit is ", " bytes"),
  defaultdomain: around("Default domain name is "),
  defaulthost: around("Default host name is "),
  doublebouncehost: around("2B recipient host: "),
  doublebounceto: around("2B recipient user: "),
  envnoathost: around("Presumed domain name is "),
  helohost: around("SMTP client HELO host name is "),
  idhost: around("Message-ID host name is "),
  localiphost: around("Local IP address becomes "),
  locals: around("Messages for ", " are delivered locally.", "Messages for me are delivered locally."),
  me: around("My name is "),
  percenthack: around("The percent hack is allowed for user%host@", ".", "The percent hack is not allowed."),
  plusdomain: around("Plus domain name is "),
  qmqpservers: around("QMQP server: ", ".", "No QMQP servers."),
  queuelifetime: around("Message lifetime in the queue is ", " seconds"),
  rcpthosts: around(recipientsAt, ".", anyRecipient),
  morercpthosts: around(recipientsAt, ".", "No effect."),
  smtpgreeting: around("SMTP greeting: 220 "),
  smtproutes: around("SMTP route: ", "", "No artificial SMTP routes."),
  timeoutconnect: around("SMTP client connection timeout is ", " seconds"),
  timeoutremote: around("SMTP client data timeout is ", " seconds"),
  timeoutsmtpd: around("SMTP server data timeout is ", " seconds"),
  virtualdomains: around("Virtual domain: ", "", "No virtual domains.")
} as const satisfies Partial<Record<keyof typeof Settings.settings, Sentence>>

const withoutRcptHosts: Sentence = {
  before: "No rcpthosts; doesn't matter that morercpthosts has ",
  after: ".",
  absent: "No rcpthosts; morercpthosts is irrelevant."
}
