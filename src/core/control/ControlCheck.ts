/** Reads each control file as its reader would, and says what an administrator probably did not mean. */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type ByteString, isDigits, lower, trimEndBlanks } from "../Bytes.ts"
import * as ForeignText from "../ForeignText.ts"
import type { Line } from "../ForeignText.ts"
import * as Cdb from "./Cdb.ts"
import * as ControlFile from "./ControlFile.ts"
import { type ControlMeaning, hostMeant, isOpen, stranger } from "./ControlMeaning.ts"
import { error, type Finding, isError, warning } from "./Finding.ts"
import * as HandWritten from "./HandWritten.ts"
import * as Settings from "./Settings.ts"
import * as SettingValues from "./SettingValues.ts"

export interface ControlContext {
  readonly classic: boolean
  /** Undefined: the file does not exist. */
  readonly content: (name: string) => ByteString | undefined
  /** Whether an entry of control/relayclients names a network. */
  readonly isRelayClient: (entry: ByteString) => boolean
  /** What the rules make of all these files; undefined: they are looked at one by one. */
  readonly meaning?: ControlMeaning
  /** Most deliveries at once that a spawner takes; undefined: there is no such limit. */
  readonly spawn?: number
}

/** One file that exists. */
export const checkFile = (name: ByteString, context: ControlContext): ReadonlyArray<Finding> => {
  const setting = Settings.all.find((one) => one.name === name)
  const file = `control/${name}`
  if (setting === undefined) return [warning(file, "no program reads this file")]
  const content = context.content(name) ?? ""
  if (setting.reader === "cdb") return checkDatabase(file, content, context)
  const encoding = HandWritten.encodingFindings(file, content)
  if (encoding.some(isError)) return encoding
  if (content.includes("\0")) return [error(file, "has a zero byte")]
  const clean = ForeignText.cleaned(content)
  switch (setting.reader) {
    case "line":
      return [
        ...encoding,
        ...HandWritten.lineEndFindings(file, content).slice(0, 1),
        ...checkLine(file, setting.name, clean)
      ]
    case "integer":
      return [
        ...encoding,
        ...HandWritten.lineEndFindings(file, content, "which is ignored").slice(0, 1),
        ...checkInteger(file, setting.name, encoding.length > 0 ? content : clean, context)
      ]
    case "list":
    case "map":
      return [
        ...encoding,
        ...HandWritten.lineEndFindings(file, content, undefined, (text) => text[0] !== "#").map((one) =>
          // There the whole list fails, and with it every session.
          setting.name === "relayclients" ? { ...one, severity: "error" as const } : one
        ),
        ...checkEntries(file, setting, clean, context)
      ]
  }
}

/** What one file alone cannot tell. */
export const checkTogether = (context: ControlContext): ReadonlyArray<Finding> => {
  const me = context.content("me")
  return [
    ...(me === undefined && needMe.some((name) => context.content(name) === undefined)
      ? [error("control/me", "does not exist")]
      : []),
    ...(context.meaning === undefined ? [] : checkMeaning(context, context.meaning))
  ]
}

const checkMeaning = (context: ControlContext, meaning: ControlMeaning): ReadonlyArray<Finding> => {
  const entries = (name: string): ReadonlyArray<ByteString> | undefined => {
    const content = context.content(name)
    return content === undefined ? undefined : ControlFile.list(content)
  }
  const me = context.content("me")
  // Of bytes that do not belong there has been told already.
  const isSound = me !== undefined && !me.includes("\0") && ForeignText.cleaned(me) === me
  const name = isSound ? ControlFile.line(me) : ""
  const locals = entries("locals") ?? (name === "" ? [] : [name])
  const virtual = (entries("virtualdomains") ?? [])
    .filter((entry) => /:./s.test(entry))
    .map((entry) => entry.split(":")[0]!)
    .filter((key) => key !== "")
  const refused = [...locals, ...virtual].filter(
    (key) => key !== "." && meaning.accepts(key.includes("@") ? key : `anyone@${hostMeant(key)}`) === false
  )
  return [
    ...checkOpen(context, meaning),
    ...[...new Set(refused)].map((domain) =>
      warning("control/rcpthosts", `does not name ${domain}, so that SMTP refuses mail to it`)
    ),
    ...(name !== "" && meaning.route(`anyone@${name}`).to === "mx"
      ? [warning("control/locals", `does not name ${name} of control/me, so that mail to it is sent elsewhere`)]
      : [])
  ]
}

/** Who let the strangers in? */
const checkOpen = (context: ControlContext, meaning: ControlMeaning): ReadonlyArray<Finding> => {
  const rcpthosts = context.content("rcpthosts")
  if (isOpen(meaning)) {
    if (rcpthosts === undefined)
      return [
        context.classic
          ? warning("control/rcpthosts", "does not exist: anyone may relay through this host")
          : warning("control/openrelay", "without control/rcpthosts anyone may relay through this host")
      ]
    const star = ForeignText.numbered(rcpthosts).find(({ text }) => trimEndBlanks(text) === "*")
    return [warning("control/rcpthosts", "anyone may relay through this host", star?.number)]
  }
  const percent = ControlFile.list(context.content("percenthack") ?? "").find((entry) => {
    const sample = `user%${stranger}@${hostMeant(entry)}`
    return meaning.accepts(sample) === true && meaning.route(sample).address.endsWith(`@${stranger}`)
  })
  return percent === undefined
    ? []
    : [
        warning(
          "control/percenthack",
          `anyone may relay through this host: mail to user%elsewhere@${percent} is accepted and sent elsewhere`
        )
      ]
}

/**
 * `names`: of the files in alias/. A host must be reachable under these addresses. `isUser`: whether a name is assigned
 * to another account.
 */
export const checkAliases = (
  names: ReadonlyArray<ByteString>,
  isUser: (name: ByteString) => boolean = () => false
): ReadonlyArray<Finding> =>
  names.includes(".qmail-default")
    ? []
    : ["postmaster", "mailer-daemon", "root"]
        .filter((name) => !names.includes(`.qmail-${name}`) && !isUser(name))
        .map((name) => warning(`alias/.qmail-${name}`, `does not exist: mail to ${name} is returned`))

const checkLine = (file: ByteString, name: string, content: ByteString): ReadonlyArray<Finding> => {
  const value = ControlFile.line(content)
  if (name === "classic" && value !== "0" && value !== "1") return [error(file, "is neither 0 nor 1", 1)]
  const words = SettingValues.wordsOf(name)
  if (words?.includes(value) === false)
    return [warning(file, `is none of ${words.join(", ")}: as if the file did not exist`, 1)]
  return [
    ...(value === "" && !mayBeEmpty.includes(name)
      ? [warning(file, "is empty: the value is empty, not the default", 1)]
      : []),
    ...(/^[ \t]/.test(value) ? [warning(file, "the blanks at the start are part of the value", 1)] : []),
    ...ForeignText.numbered(content)
      .slice(1)
      .filter(({ text }) => trimEndBlanks(text) !== "")
      .slice(0, 1)
      .map(({ number }) => warning(file, "only the first line is read", number)),
    ...(userSettings.includes(name) && value.includes("@")
      ? [warning(file, `${value} is an address, not a user: a host is added all the same`, 1)]
      : []),
    ...(hostSettings.includes(name) && value !== "" ? checkDomain(file, { number: 1, text: value }, false) : [])
  ]
}

const checkInteger = (
  file: ByteString,
  name: string,
  content: ByteString,
  { spawn }: ControlContext
): ReadonlyArray<Finding> => {
  const value = ControlFile.line(content)
  const number = ControlFile.integer(content)
  if (Result.isFailure(number)) return [error(file, number.failure, 1)]
  if (!/^[0-9]/.test(value)) return [warning(file, "does not begin with a digit: as if the file did not exist", 1)]
  const given = Option.getOrElse(number.success, () => 0)
  const counts = SettingValues.numberCounts(name, given)
  const zero = given === 0 ? SettingValues.zeroMeans(name) : undefined
  return [
    ...(isDigits(value) ? [] : [warning(file, "what follows the number is ignored", 1)]),
    ...(counts === given ? [] : [warning(file, `${given} counts as ${counts}`, 1)]),
    ...(zero === undefined ? [] : [warning(file, `is 0: ${zero}`, 1)]),
    ...(spawn !== undefined && spawnSettings.includes(name) && given > spawn
      ? [warning(file, `${given} counts as ${spawn}, the most that the spawners take`, 1)]
      : [])
  ]
}

const checkEntries = (
  file: ByteString,
  setting: Settings.ListSetting,
  content: ByteString,
  context: ControlContext
): ReadonlyArray<Finding> => {
  const lines = ForeignText.numbered(content)
    .map(({ number, text }) => ({ number, text: trimEndBlanks(text) }))
    .filter(({ text }) => text !== "" && text[0] !== "#")
  const isMap = setting.reader === "map" && setting.name !== "relayclients"
  const keyOf = ({ text }: Line): ByteString => lower(isMap ? text.split(":")[0]! : text)
  const counting = isMap ? lines.filter(({ text }) => text.includes(":")) : lines
  const last = new Map(counting.map((line) => [keyOf(line), line.number]))
  return lines.flatMap((line) => {
    if (isMap && !line.text.includes(":")) return [warning(file, "has no colon: the line is ignored", line.number)]
    const later = last.get(keyOf(line))
    if (later !== line.number)
      return [
        warning(
          file,
          inOrder.includes(setting.name) ? `is repeated in line ${later}` : `is repeated in line ${later}, which wins`,
          line.number
        )
      ]
    const findings = entryChecks[setting.name]?.(file, line, context) ?? []
    const doubt = findings.length > 0 ? undefined : context.meaning?.doubt(setting.name, line.text)
    return doubt === undefined ? findings : [...findings, warning(file, `${line.text} ${doubt}`, line.number)]
  })
}

type EntryCheck = (file: ByteString, line: Line, context: ControlContext) => ReadonlyArray<Finding>

/** Letters, digits, hyphens and underscores between dots: what the DNS holds in practice. */
const checkDomain = (file: ByteString, { number, text }: Line, hasSuffixes = true): ReadonlyArray<Finding> => {
  const domain = hasSuffixes && text[0] === "." ? text.slice(1) : text
  if (text === ".") return [warning(file, "a lone dot means nothing here", number)]
  if (text.includes("*"))
    return [warning(file, `an asterisk means nothing here${hasSuffixes ? suffixHint : ""}`, number)]
  if (text.includes("@")) return [warning(file, `${text} is an address, not a domain`, number)]
  return /^([A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+$|^\[[^\]]+\]$/.test(domain) && domain.length <= domainBytesMax
    ? []
    : [warning(file, `${text} is no domain name`, number)]
}

const checkExact: EntryCheck = (file, line) => checkDomain(file, line, false)

/** A line that opens the host to everybody has been told as that. */
const checkListed: EntryCheck = (file, line, { meaning }) =>
  line.text === "*" && meaning !== undefined && isOpen(meaning) ? [] : checkDomain(file, line)

const checkRoute: EntryCheck = (file, line) => {
  const route = /^([^:]*):(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(line.text)
  if (route === null) return [error(file, "is not domain:relay:port", line.number)]
  const [, domain = "", relay = "", port] = route
  return [
    ...(/\s/.test(relay) ? [warning(file, "the blanks around the relay are part of its name", line.number)] : []),
    ...(port === undefined || (isDigits(port) && Number(port) >= 1 && Number(port) <= 65535)
      ? []
      : [error(file, `port ${port || "(none)"} is not a number from 1 to 65535`, line.number)]),
    ...(domain === "" ? [] : checkDomain(file, { number: line.number, text: domain }))
  ]
}

const checkVirtual: EntryCheck = (file, { number, text }) => {
  const colon = text.indexOf(":")
  const key = text.slice(0, colon)
  return [
    ...(/^\s/.test(text.slice(colon + 1))
      ? [warning(file, "the blanks behind the colon are part of the user's name", number)]
      : []),
    ...(key === "" ? [] : checkDomain(file, { number, text: key.slice(key.lastIndexOf("@") + 1) }))
  ]
}

const entryChecks: Readonly<Record<string, EntryCheck>> = {
  locals: checkExact,
  rcpthosts: checkListed,
  morercpthosts: checkListed,
  percenthack: checkExact,
  smtproutes: checkRoute,
  virtualdomains: checkVirtual,
  badmailfrom: (file, { number, text }) =>
    text.includes("@") ? [] : [warning(file, `${text} has no @ and matches only a sender without a host`, number)],
  qmqpservers: (file, { number, text }) =>
    /^\[?[0-9]{1,3}(\.[0-9]{1,3}){3}\]?$/.test(text)
      ? []
      : [warning(file, `${text} is no IPv4 address and is skipped`, number)],
  relayclients: (file, { number, text }, { isRelayClient }) =>
    isRelayClient(text) ? [] : [error(file, `${text} is no address and no network`, number)]
}

const checkDatabase = (file: ByteString, content: ByteString, context: ControlContext): ReadonlyArray<Finding> => {
  const bytes = Uint8Array.from(content, (byte) => byte.charCodeAt(0))
  const source = context.content("morercpthosts")
  if (Result.isFailure(Cdb.find(bytes, ""))) return [error(file, "is damaged: run qmail-newmrh")]
  if (source === undefined) return [warning(file, "control/morercpthosts does not exist")]
  const missing = ControlFile.lines(source).find((host) => {
    const found = Cdb.find(bytes, lower(host))
    return Result.isFailure(found) || found.success === undefined
  })
  if (missing !== undefined) return [warning(file, `lacks ${missing} of control/morercpthosts: run qmail-newmrh`)]
  const records = ControlFile.lines(source).map((host) => ({ key: lower(host), data: "" }))
  const made = Cdb.build(records)
  return Result.isSuccess(made) && made.success.length < bytes.length
    ? [warning(file, "names more than control/morercpthosts: run qmail-newmrh")]
    : []
}

const suffixHint = "; .example is all below example"
/** Entries that are tried in their order. */
const inOrder = ["qmqpservers", "relayclients"]
const spawnSettings = ["concurrencylocal", "concurrencyremote"]
const userSettings = ["bouncefrom", "doublebounceto"]
const needMe = ["helohost", "locals", "smtpgreeting"]
const mayBeEmpty = ["smtpgreeting", "localiphost"]
const hostSettings: ReadonlyArray<string> = [
  "me",
  "bouncehost",
  "defaultdomain",
  "defaulthost",
  "doublebouncehost",
  "envnoathost",
  "helohost",
  "idhost",
  "localiphost",
  "plusdomain"
]
const domainBytesMax = 255
