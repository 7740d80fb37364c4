/**
 * What becomes of this header, and which envelope does it make?
 *
 * The fields of a message that a user hands in are completed: hosts are added to addresses, missing fields to the
 * header; Bcc, Return-Path and Content-Length are taken out. (qmail-inject.c, doheaderfield() and finishheader())
 */
import * as Result from "effect/Result"
import { type Address, untilNul } from "../address/Address.ts"
import * as AddressQuoting from "../address/AddressQuoting.ts"
import type { ByteString } from "../Bytes.ts"
import type { ControlSet } from "../control/ControlMap.ts"
import { type Envelope, refusal } from "../envelope/Envelope.ts"
import { compactStamp, date822 } from "../Time.ts"
import * as HeaderAddresses from "./HeaderAddresses.ts"
import * as HeaderDefaults from "./HeaderDefaults.ts"
import * as HeaderField from "./HeaderField.ts"
import type { Token } from "./HeaderToken.ts"
import * as HeaderTokens from "./HeaderTokens.ts"
import type { Style, SubmissionOptions } from "./SubmissionOptions.ts"

export interface Circumstances {
  /** Of a qmail home: nobody may be the only recipient, and addresses may hold any byte. */
  readonly classic: boolean
  readonly options: SubmissionOptions
  readonly hosts: HeaderDefaults.HostDefaults
  readonly idHost: ByteString
  /** Mailing lists whose answers go to the list; undefined: no list was given. */
  readonly lists: ControlSet | undefined
  /** Seconds since 1970, at the start of the program. */
  readonly time: number
  readonly pid: number
  /** Of lines, see HeaderTokens. */
  readonly width: number
}

export interface Submitted {
  readonly header: ByteString
  readonly envelope: Envelope
}

export type Refusal = Unparsable | BadEnvelope

export interface BadEnvelope {
  readonly _tag: "BadEnvelope"
  readonly reason: string
}

/** A text that holds no address where one must be; as it is shown. */
export interface Unparsable {
  readonly _tag: "Unparsable"
  readonly text: ByteString
  /** It is the From field made for the user: qmail-inject has started qmail-queue by then. */
  readonly isOwnFrom?: boolean
}

/** `sender` is that of -f, `recipients` are those of the command line; both are complete. */
export const complete = (
  fields: ReadonlyArray<ByteString>,
  sender: Address | undefined,
  recipients: ReadonlyArray<Address>,
  circumstances: Circumstances
): Result.Result<Submitted, Refusal> =>
  Result.gen(function* () {
    const { options } = circumstances
    const read = yield* readFields(fields, circumstances)
    const resent = HeaderDefaults.isResentMessage(read.seen)
    const from = sender ?? read.returnPath ?? (yield* defaultSender(circumstances))
    const fromHeader =
      options.recipients === "arguments" || (options.recipients === "either" && options.addresses.length > 0)
        ? []
        : resent
          ? read.resentRecipients
          : read.recipients
    const added: Array<ByteString> = options.print ? [`Return-Path: <${quoted(from)}>\n`] : []
    for (const lacking of HeaderDefaults.lackingFields(read.seen)) {
      const field = yield* newField(lacking, circumstances)
      added.push(resent ? `Resent-${field}` : field)
    }
    if (!resent && !read.seen.has("mail-followup-to")) added.push(followupTo(read.shown, circumstances.lists))
    const header = added.join("") + read.kept.join("")
    const named = [...recipients, ...fromHeader]
    if (circumstances.classic) return { header, envelope: { sender: untilNul(from), recipients: named.map(untilNul) } }
    // `To: <>` names nobody.
    const envelope = { sender: from, recipients: named.filter((recipient) => recipient !== "") }
    const reason = envelope.recipients.length === 0 && !options.print ? nobodyNamed : refusal(envelope, false)
    return yield* reason === undefined
      ? Result.succeed({ header, envelope })
      : Result.fail<Refusal>({ _tag: "BadEnvelope", reason })
  })

/** An address of the command line, or of -f: quoted if it must be, then completed. */
export const completeTyped = (
  address: Address,
  hosts: HeaderDefaults.HostDefaults
): Result.Result<Address, Unparsable> => {
  const text = AddressQuoting.quote2(address)
  return Result.mapBoth(HeaderTokens.parse(text), {
    onFailure: () => ({ _tag: "Unparsable", text }),
    onSuccess: (tokens) => HeaderTokens.unquote(HeaderDefaults.completeAddress(tokens, hosts))
  })
}

interface Read {
  readonly seen: ReadonlySet<HeaderField.FieldName>
  readonly kept: ReadonlyArray<ByteString>
  /** Each list as it was found, a field from right to left. */
  readonly recipients: ReadonlyArray<Address>
  readonly resentRecipients: ReadonlyArray<Address>
  /** Those of To and Cc. */
  readonly shown: ReadonlyArray<Address>
  readonly returnPath: Address | undefined
}

const readFields = (
  fields: ReadonlyArray<ByteString>,
  { hosts, options: { style }, width }: Circumstances
): Result.Result<Read, Refusal> => {
  const seen = new Set<HeaderField.FieldName>()
  const kept: Array<ByteString> = []
  const lists: Record<RecipientList, Array<Address>> = { recipients: [], resentRecipients: [], shown: [] }
  let returnPath: Address | undefined
  for (const field of fields) {
    const name = HeaderField.known(field)
    if (name === undefined) {
      kept.push(field)
      continue
    }
    if (isDropped(name, style)) continue
    seen.add(name)
    const namesRecipients = listsOf[name]
    if (namesRecipients === undefined && !rewritten.has(name)) {
      if (!removed.has(name)) kept.push(field)
      continue
    }
    const { addresses, text } = rewrite(field, hosts, width)
    if (text === undefined && namesRecipients === undefined) return Result.fail({ _tag: "Unparsable", text: field })
    for (const list of namesRecipients ?? []) for (const address of addresses) lists[list].push(address)
    if (name === "return-path" && addresses[0] !== undefined) returnPath ??= withVerp(addresses[0], style)
    if (!removed.has(name)) kept.push(text ?? field)
  }
  return Result.succeed({ ...lists, seen, kept, returnPath })
}

interface Rewritten {
  /** From right to left. */
  readonly addresses: ReadonlyArray<Address>
  /** Undefined: no address list. */
  readonly text: ByteString | undefined
}

const rewrite = (field: ByteString, hosts: HeaderDefaults.HostDefaults, width: number): Rewritten =>
  Result.match(HeaderTokens.scan(field), {
    onFailure: () => ({ addresses: [], text: undefined }),
    onSuccess: (row) => {
      const list = HeaderAddresses.parse(row, nameTokens, (address) => HeaderDefaults.completeAddress(address, hosts))
      return { addresses: list.addresses, text: HeaderAddresses.format(list, width) }
    }
  })

/** A field that was put together from what the environment says: written, read and completed as if it were typed. */
const rewriteOwn = (
  tokens: ReadonlyArray<Token>,
  { hosts, width }: Circumstances
): Result.Result<Required<Rewritten>, Refusal> => {
  const typed = HeaderTokens.format(tokens, width)
  const { addresses, text } = rewrite(typed, hosts, width)
  return text === undefined ? Result.fail({ _tag: "Unparsable", text: typed }) : Result.succeed({ addresses, text })
}

const newField = (
  lacking: HeaderDefaults.Lacking,
  circumstances: Circumstances
): Result.Result<ByteString, Refusal> => {
  const { idHost, pid, time } = circumstances
  switch (lacking) {
    case "date":
      return Result.succeed(`Date: ${date822(time)}\n`)
    case "message-id":
      return Result.succeed(`Message-ID: <${compactStamp(time)}.${pid}.qmail@${idHost}>\n`)
    case "from":
      return Result.mapBoth(rewriteOwn(fromTokens(circumstances.options), circumstances), {
        onFailure: (refusal) => ({ ...refusal, isOwnFrom: true }),
        onSuccess: ({ text }) => text ?? ""
      })
    case "recipients":
      return Result.succeed("Cc: recipient list not shown: ;\n")
  }
}

const fromTokens = ({ author, style }: SubmissionOptions): ReadonlyArray<Token> => {
  const { fullName, host, user } = author
  const mailbox = atHost({ _tag: AddressQuoting.needsQuoting(user) ? "Quoted" : "Atom", text: user }, host)
  const named: ReadonlyArray<Token> =
    fullName === undefined
      ? mailbox
      : style.nameInComment
        ? [...mailbox, { _tag: "Comment", text: fullName }]
        : [{ _tag: "Quoted", text: fullName }, { _tag: "<" }, ...mailbox, { _tag: ">" }]
  return [{ _tag: "Atom", text: "From" }, { _tag: ":" }, ...named]
}

const defaultSender = (circumstances: Circumstances): Result.Result<Address, Refusal> => {
  const { options, pid, time } = circumstances
  const { author, style } = options
  const user = author.senderUser + (style.verpMessage ? `-${time}.${pid}` : "") + (style.verpRecipient ? "-" : "")
  const tokens: ReadonlyArray<Token> = [
    { _tag: "Atom", text: "Return-Path" },
    { _tag: ":" },
    ...atHost({ _tag: "Quoted", text: user }, author.senderHost)
  ]
  return Result.map(rewriteOwn(tokens, circumstances), ({ addresses }) =>
    addresses[0] === undefined ? "" : withVerp(addresses[0], style)
  )
}

const atHost = (user: Token, host: ByteString | undefined): ReadonlyArray<Token> =>
  host === undefined ? [user] : [user, { _tag: "@" }, { _tag: "Atom", text: host }]

const withVerp = (sender: Address, { verpRecipient }: Style): Address => (verpRecipient ? `${sender}-@[]` : sender)

/** If one of them is a mailing list, answers go to all of them and not to the author. */
const followupTo = (shown: ReadonlyArray<Address>, lists: ControlSet | undefined): ByteString =>
  lists !== undefined && shown.some(lists.has) ? `Mail-Followup-To: ${shown.map(quoted).reverse().join(",\n  ")}\n` : ""

const isDropped = (name: HeaderField.FieldName, style: Style): boolean =>
  (name === "from" && style.dropFrom) ||
  (name === "message-id" && style.dropMessageId) ||
  (name === "return-path" && style.dropReturnPath)

const quoted = (address: Address): ByteString => AddressQuoting.quote2(untilNul(address))

const nobodyNamed = "no recipients: neither the arguments nor the header name one"

/** The field's name and its colon. */
const nameTokens = 2

type RecipientList = "recipients" | "resentRecipients" | "shown"

/** Fields that name recipients. One of these that is no address list stays as it was typed. */
const listsOf: Partial<Record<HeaderField.FieldName, ReadonlyArray<RecipientList>>> = {
  to: ["recipients", "shown"],
  cc: ["recipients", "shown"],
  bcc: ["recipients"],
  "apparently-to": ["recipients"],
  "resent-to": ["resentRecipients"],
  "resent-cc": ["resentRecipients"],
  "resent-bcc": ["resentRecipients"]
}

/** Fields in which addresses are completed, and which therefore must be address lists. */
const rewritten: ReadonlySet<HeaderField.FieldName> = new Set([
  "sender",
  "from",
  "reply-to",
  "return-path",
  "return-receipt-to",
  "errors-to",
  "resent-sender",
  "resent-from",
  "resent-reply-to"
])

const removed: ReadonlySet<HeaderField.FieldName> = new Set(["bcc", "resent-bcc", "return-path", "content-length"])
