/**
 * Which host is added to this address, and which fields does this header lack?
 *
 * From: qmail-inject.c, rwgeneric() and finishheader(); the address rules are those of qmail-header(5).
 */
import { type FieldName, isResent } from "./HeaderField.ts"
import type { Token } from "./HeaderToken.ts"

/** What is added, as tokens, each with its `@` or `.` in front. */
export interface HostDefaults {
  /** To an address without `@`. */
  readonly defaultHost: ReadonlyArray<Token>
  /** In place of the `+` that a host ends with. */
  readonly plusDomain: ReadonlyArray<Token>
  /** To a host without a dot. */
  readonly defaultDomain: ReadonlyArray<Token>
}

/** `<>` stays as it is; so does `user@[]`, the sender of double bounces and of VERP. */
export const completeAddress = (given: ReadonlyArray<Token>, hosts: HostDefaults): ReadonlyArray<Token> => {
  if (isNowhere(given)) return given
  const bare = withoutLast(withoutLast(withoutRoute(given), "."), "@")
  if (bare.length === 0) return bare
  const qualified = bare.some(isAt) ? bare : [...bare, ...hosts.defaultHost]
  const resolved = withPlusResolved(qualified, hosts.plusDomain)
  const domain = resolved.slice(resolved.findLastIndex(isAt) + 1)
  return domain.some(({ _tag }) => _tag === "." || _tag === "Literal")
    ? resolved
    : [...resolved, ...hosts.defaultDomain]
}

/** A message is passed on if it has any of the Resent fields that qmail knows. */
export const isResentMessage = (seen: ReadonlySet<FieldName>): boolean => [...seen].some(isResent)

/** `recipients`: a field that says that nobody is shown. */
export type Lacking = "date" | "message-id" | "from" | "recipients"

/** In the order in which they are added; for a resent message these are the Resent ones. */
export const lackingFields = (seen: ReadonlySet<FieldName>): ReadonlyArray<Lacking> => {
  const has = (name: "date" | "message-id" | "from" | "to" | "cc"): boolean =>
    seen.has(isResentMessage(seen) ? `resent-${name}` : name)
  return [
    ...(["date", "message-id", "from"] as const).filter((name) => !has(name)),
    ...(has("to") || has("cc") ? [] : (["recipients"] as const))
  ]
}

const isAt = ({ _tag }: Token): boolean => _tag === "@"

const isNowhere = (address: ReadonlyArray<Token>): boolean => {
  const last = address.at(-1)
  return last?._tag === "Literal" && last.text === "" && address.at(-2)?._tag === "@"
}

/** `@a,@b:c@d` is `c@d`; a route that does not end leaves nothing. */
const withoutRoute = (address: ReadonlyArray<Token>): ReadonlyArray<Token> => {
  if (address[0]?._tag !== "@") return address
  const colon = address.findIndex(({ _tag }) => _tag === ":")
  return colon < 0 ? [] : address.slice(colon + 1)
}

const withoutLast = (address: ReadonlyArray<Token>, mark: "." | "@"): ReadonlyArray<Token> =>
  address.at(-1)?._tag === mark ? address.slice(0, -1) : address

const withPlusResolved = (address: ReadonlyArray<Token>, plusDomain: ReadonlyArray<Token>): ReadonlyArray<Token> => {
  const last = address.at(-1)
  return last?._tag === "Atom" && last.text.endsWith("+")
    ? [...address.slice(0, -1), { _tag: "Atom", text: last.text.slice(0, -1) }, ...plusDomain]
    : address
}
