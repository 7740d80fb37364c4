/** Reads each control file as its reader would, and says what an administrator probably did not mean. */
import * as Result from "effect/Result"
import * as Domain from "../address/Domain.ts"
import { type ByteString, isDigits, lower, trimEndBlanks } from "../Bytes.ts"
import * as Cdb from "./Cdb.ts"
import * as ControlFile from "./ControlFile.ts"
import { error, type Finding, warning } from "./Finding.ts"
import * as Settings from "./Settings.ts"

export interface ControlContext {
  readonly classic: boolean
  /** Undefined: the file does not exist. */
  readonly content: (name: string) => ByteString | undefined
  /** Whether an entry of control/relayclients names a network. */
  readonly isRelayClient: (entry: ByteString) => boolean
}

interface Line {
  readonly number: number
  readonly text: ByteString
}

/** One file that exists. */
export const checkFile = (name: ByteString, context: ControlContext): ReadonlyArray<Finding> => {
  const setting = Settings.all.find((one) => one.name === name)
  const file = `control/${name}`
  if (setting === undefined) return [warning(file, "no program reads this file")]
  const content = context.content(name) ?? ""
  if (setting.reader === "cdb") return checkDatabase(file, content, context)
  if (content.includes("\0")) return [error(file, "has a zero byte")]
  const carriageReturns = numbered(content)
    .filter(({ text }) => text.endsWith("\r"))
    .map(({ number }) => warning(file, "ends with a carriage return, which is part of the value", number))
  const clean = content.replace(/\r$/gm, "")
  switch (setting.reader) {
    case "line":
      return [...carriageReturns, ...checkLine(file, setting.name, clean)]
    case "integer":
      return [...carriageReturns, ...checkInteger(file, clean)]
    case "list":
    case "map":
      return [...carriageReturns, ...checkEntries(file, setting, clean, context)]
  }
}

/** What one file alone cannot tell. */
export const checkTogether = (context: ControlContext): ReadonlyArray<Finding> => {
  const entries = (name: string): ReadonlyArray<ByteString> | undefined => {
    const content = context.content(name)
    return content === undefined ? undefined : ControlFile.list(content)
  }
  const me = context.content("me")
  const locals = entries("locals") ?? (me === undefined ? [] : [ControlFile.line(me)])
  const virtual = (entries("virtualdomains") ?? []).map((entry) => entry.split(":")[0]!)
  const rcpthosts = entries("rcpthosts")
  const accepted = new Set([...(rcpthosts ?? []), ...(entries("morercpthosts") ?? [])].map(lower))
  const isLocal = new Set(locals.map(lower))
  return [
    ...(me === undefined && needMe.some((name) => context.content(name) === undefined)
      ? [error("control/me", "does not exist")]
      : []),
    ...(rcpthosts === undefined && context.classic
      ? [warning("control/rcpthosts", "does not exist: anyone may relay through this host")]
      : []),
    ...virtual
      .filter((key) => isLocal.has(lower(key)))
      .map((key) => warning("control/virtualdomains", `${key} is in control/locals, which wins`)),
    ...(rcpthosts === undefined ? [] : [...locals, ...virtual])
      .filter((domain) => domain !== "" && !domain.includes("@") && domain[0] !== ".")
      .filter((domain) => !Domain.suffixes(lower(domain)).some((key) => accepted.has(key)))
      .map((domain) => warning("control/rcpthosts", `does not name ${domain}, so that SMTP refuses mail to it`))
  ]
}

/** `names`: of the files in alias/. A host must be reachable under these addresses; root never gets mail directly. */
export const checkAliases = (names: ReadonlyArray<ByteString>): ReadonlyArray<Finding> =>
  names.includes(".qmail-default")
    ? []
    : ["postmaster", "mailer-daemon", "root"]
        .filter((name) => !names.includes(`.qmail-${name}`))
        .map((name) => warning(`alias/.qmail-${name}`, `does not exist: mail to ${name} is returned`))

const numbered = (content: ByteString): ReadonlyArray<Line> => {
  const lines = content.split("\n")
  if (lines.at(-1) === "") lines.pop()
  return lines.map((text, i) => ({ number: i + 1, text }))
}

const checkLine = (file: ByteString, name: string, content: ByteString): ReadonlyArray<Finding> => {
  const value = ControlFile.line(content)
  if (name === "classic" && value !== "0" && value !== "1") return [error(file, "is neither 0 nor 1", 1)]
  return [
    ...(value === "" && !mayBeEmpty.includes(name)
      ? [warning(file, "is empty: the value is empty, not the default", 1)]
      : []),
    ...(/^[ \t]/.test(value) ? [warning(file, "the blanks at the start are part of the value", 1)] : []),
    ...numbered(content)
      .slice(1)
      .filter(({ text }) => trimEndBlanks(text) !== "")
      .slice(0, 1)
      .map(({ number }) => warning(file, "only the first line is read", number)),
    ...(hostSettings.includes(name) && value !== "" ? checkDomain(file, { number: 1, text: value }) : [])
  ]
}

const checkInteger = (file: ByteString, content: ByteString): ReadonlyArray<Finding> => {
  const value = ControlFile.line(content)
  const number = ControlFile.integer(content)
  if (Result.isFailure(number)) return [error(file, number.failure, 1)]
  if (!/^[0-9]/.test(value)) return [warning(file, "does not begin with a digit: as if the file did not exist", 1)]
  return isDigits(value) ? [] : [warning(file, "what follows the number is ignored", 1)]
}

const checkEntries = (
  file: ByteString,
  setting: Settings.ListSetting,
  content: ByteString,
  context: ControlContext
): ReadonlyArray<Finding> => {
  const lines = numbered(content)
    .map(({ number, text }) => ({ number, text: trimEndBlanks(text) }))
    .filter(({ text }) => text !== "" && text[0] !== "#")
  const isMap = setting.reader === "map" && setting.name !== "relayclients"
  const keyOf = ({ text }: Line): ByteString => lower(isMap ? text.split(":")[0]! : text)
  const last = new Map(lines.map((line) => [keyOf(line), line.number]))
  return lines.flatMap((line) => [
    ...(isMap && !line.text.includes(":") ? [warning(file, "has no colon: the line is ignored", line.number)] : []),
    ...(last.get(keyOf(line)) === line.number
      ? []
      : [warning(file, `is repeated in line ${last.get(keyOf(line))}, which wins`, line.number)]),
    ...(entryChecks[setting.name]?.(file, line, context) ?? [])
  ])
}

type EntryCheck = (file: ByteString, line: Line, context: ControlContext) => ReadonlyArray<Finding>

/** Letters, digits, hyphens and underscores between dots: what the DNS holds in practice. */
const checkDomain = (file: ByteString, { number, text }: Line): ReadonlyArray<Finding> => {
  const domain = text[0] === "." ? text.slice(1) : text
  if (text === ".") return [warning(file, "a lone dot means nothing here", number)]
  if (text.includes("*"))
    return [warning(file, "an asterisk means nothing here; .example is all below example", number)]
  if (text.includes("@")) return [warning(file, `${text} is an address, not a domain`, number)]
  return /^([A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+$|^\[[^\]]+\]$/.test(domain) && domain.length <= domainBytesMax
    ? []
    : [warning(file, `${text} is no domain name`, number)]
}

const checkRoute: EntryCheck = (file, line) => {
  const route = /^([^:]*):(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(line.text)
  if (route === null) return line.text.includes(":") ? [error(file, "is not domain:relay:port", line.number)] : []
  const [, domain = "", , port] = route
  return [
    ...(port === undefined || port === "" || (isDigits(port) && Number(port) >= 1 && Number(port) <= 65535)
      ? []
      : [error(file, `port ${port} is not a number from 1 to 65535`, line.number)]),
    ...(domain === "" ? [] : checkDomain(file, { number: line.number, text: domain }))
  ]
}

const checkVirtual: EntryCheck = (file, { number, text }) => {
  const [key = ""] = text.split(":")
  return key === "" || key.includes("@") || !text.includes(":") ? [] : checkDomain(file, { number, text: key })
}

const entryChecks: Readonly<Record<string, EntryCheck>> = {
  locals: checkDomain,
  rcpthosts: checkDomain,
  morercpthosts: checkDomain,
  percenthack: checkDomain,
  smtproutes: checkRoute,
  virtualdomains: checkVirtual,
  badmailfrom: (file, { number, text }) =>
    text.includes("@") ? [] : [warning(file, `${text} has no @ and matches no sender`, number)],
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
  return missing === undefined ? [] : [warning(file, `lacks ${missing} of control/morercpthosts: run qmail-newmrh`)]
}

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
