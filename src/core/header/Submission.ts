/**
 * What message and envelope does qmail-inject queue?
 *
 * Fed with a message in chunks. The header is held until it is complete and can be answered as a whole; the body
 * goes through as it comes. With -n the message is printed instead.
 */
import * as Result from "effect/Result"
import { type Address, untilNul } from "../address/Address.ts"
import { type ByteString, concat, toChunk, withoutControl } from "../Bytes.ts"
import type { ControlSet } from "../control/ControlMap.ts"
import type { Envelope } from "../envelope/Envelope.ts"
import * as GrowingList from "../GrowingList.ts"
import { impossible, type Step, step } from "../Machine.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary } from "../Outcome.ts"
import * as AuthorCheck from "./AuthorCheck.ts"
import * as HeaderDefaults from "./HeaderDefaults.ts"
import type { Token } from "./HeaderToken.ts"
import * as HeaderTokens from "./HeaderTokens.ts"
import * as LineEnds from "./LineEnds.ts"
import * as MessageSplitter from "./MessageSplitter.ts"
import type { SubmissionOptions } from "./SubmissionOptions.ts"
import * as SubmittedHeader from "./SubmittedHeader.ts"
import * as TypedAddresses from "./TypedAddresses.ts"

export interface Input {
  /** Of a qmail home. */
  readonly classic: boolean
  /** The beginning of the message, before what is read. */
  readonly prefix?: ByteString
  readonly options: SubmissionOptions
  /** Of control files, each with its default. */
  readonly controls: {
    readonly defaultDomain: ByteString
    readonly defaultHost: ByteString
    readonly plusDomain: ByteString
    readonly idHost: ByteString
  }
  /** Mailing lists, for Mail-Followup-To; undefined: none were given. */
  readonly lists: ControlSet | undefined
  /** Seconds since 1970. */
  readonly time: number
  readonly pid: number
}

export type State =
  | {
      readonly _tag: "ReadingHeader"
      readonly circumstances: SubmittedHeader.Circumstances
      readonly sender: Address | undefined
      readonly recipients: ReadonlyArray<Address>
      readonly lineEnds: LineEnds.LineEnds
      readonly splitter: MessageSplitter.Splitter
      /** The fields of each chunk. */
      readonly fields: GrowingList.GrowingList<ReadonlyArray<ByteString>>
    }
  | {
      readonly _tag: "PassingBody"
      readonly print: boolean
      readonly envelope: Envelope
      readonly lineEnds: LineEnds.LineEnds
      readonly splitter: MessageSplitter.Splitter
    }
  | { readonly _tag: "Queueing" }
  | {
      readonly _tag: "Over"
      readonly exitCode: ExitCode
      /** For descriptor 2, as it is. */
      readonly complaint: ByteString
    }

export type Event =
  | { readonly _tag: "BytesRead"; readonly bytes: Uint8Array }
  | { readonly _tag: "InputEnded" }
  | { readonly _tag: "ReadFailed" }
  | { readonly _tag: "PrintFailed"; readonly reason: ByteString }
  | { readonly _tag: "Queued" }
  | { readonly _tag: "QueueRefused"; readonly outcome: "temporary" | "permanent"; readonly text: ByteString }

export type Command =
  | { readonly _tag: "OpenQueue" }
  | { readonly _tag: "PutMessage"; readonly bytes: Uint8Array }
  | { readonly _tag: "FinishMessage"; readonly envelope: Envelope }
  | { readonly _tag: "AbandonMessage" }
  | { readonly _tag: "Print"; readonly bytes: Uint8Array }

export const initial = (input: Input): Step<State, Command> => {
  const { classic, controls, lists, pid, prefix = "", time } = input
  return Result.match(prepare(input), {
    onFailure: (complaint) => step(over(exitPermanent, complaint)),
    onSuccess: ({ hosts, options, recipients, sender }) => {
      // A NUL ends a control file's word, and would end the field for whoever reads it. (fmt_strn)
      const idHost = untilNul(options.hosts.idHost ?? controls.idHost)
      const circumstances = {
        classic,
        hosts,
        idHost: classic ? idHost : withoutControl(idHost, ""),
        lists,
        options,
        pid,
        time,
        width: headerWidth
      }
      const reading: Reading = {
        _tag: "ReadingHeader",
        circumstances,
        sender,
        recipients,
        lineEnds: LineEnds.of(classic),
        splitter: MessageSplitter.initial,
        fields: GrowingList.empty
      }
      return readHeader(reading, MessageSplitter.feed(reading.splitter, toChunk(prefix)), false)
    }
  })
}

/** Hosts, sender and recipients as they were given, completed. The failure is for descriptor 2. */
const prepare = ({ classic, controls, options: given }: Input) =>
  Result.gen(function* () {
    const options = classic ? given : yield* Result.mapError(AuthorCheck.checked(given), (text) => fatal(`${text}\n`))
    const defaultDomain = yield* addition(".", options.hosts.defaultDomain ?? controls.defaultDomain)
    const defaultHost = yield* addition("@", options.hosts.defaultHost ?? controls.defaultHost)
    const plusDomain = yield* addition(".", options.hosts.plusDomain ?? controls.plusDomain)
    const hosts = { defaultDomain, defaultHost, plusDomain }
    const complete = (address: ReadonlyArray<Token>) => HeaderDefaults.completeAddress(address, hosts)
    const unparsable = (typed: ByteString) =>
      fatal(`unable to parse address: ${classic ? typed : withoutControl(typed, "?")}\n`)
    let sender: Address | undefined
    for (const typed of options.senders)
      if (classic)
        sender = yield* Result.mapError(SubmittedHeader.completeTyped(typed, hosts), ({ text }) => unparsableLine(text))
      else {
        sender = TypedAddresses.parseSender(typed, complete)
        if (sender === undefined) return yield* Result.fail(unparsable(typed))
      }
    if (options.complaint !== undefined) return yield* Result.fail(`qmail-inject: ${options.complaint}\n`)
    const recipients: Array<Address> = []
    for (const typed of options.recipients === "header" ? [] : options.addresses)
      if (classic)
        recipients.push(yield* Result.mapError(SubmittedHeader.completeTyped(typed, hosts), () => unparsable(typed)))
      else {
        const named = TypedAddresses.parseRecipients(typed, complete)
        if (named === undefined) return yield* Result.fail(unparsable(typed))
        for (const address of named) recipients.push(address)
      }
    return { hosts, options, recipients, sender }
  })

export const decide = (state: State, event: Event): Step<State, Command> => {
  switch (state._tag) {
    case "ReadingHeader":
      if (event._tag === "ReadFailed") return step(over(exitTemporary, fatal("read error\n")))
      return readHeader(...split(state, event), event._tag === "InputEnded")
    case "PassingBody":
      if (event._tag === "ReadFailed")
        return step(over(exitTemporary, fatal("read error\n")), ...(state.print ? [] : [abandon]))
      if (event._tag === "PrintFailed") return step(printFailed(event.reason))
      return passBody(...split(state, event), event._tag === "InputEnded")
    case "Queueing":
      if (event._tag === "Queued") return step(over(exitSuccess, ""))
      if (event._tag === "QueueRefused")
        return step(over(event.outcome === "permanent" ? exitPermanent : exitTemporary, fatal(`${event.text}\n`)))
      return impossible(event, "the message is handed over")
    case "Over":
      return event._tag === "PrintFailed" ? step(printFailed(event.reason)) : impossible(event, "submission is over")
  }
}

export const isOver = (state: State): state is Extract<State, { _tag: "Over" }> => state._tag === "Over"

type Reading = Extract<State, { _tag: "ReadingHeader" }>
type Passing = Extract<State, { _tag: "PassingBody" }>

/** The state that knows where a line was cut, and what the header and the body have got. */
const split = <S extends Reading | Passing>(state: S, event: Event): [S, MessageSplitter.Split] => {
  if (event._tag === "BytesRead") {
    const { bytes, lineEnds } = LineEnds.feed(state.lineEnds, event.bytes)
    return [{ ...state, lineEnds }, MessageSplitter.feed(state.splitter, bytes)]
  }
  if (event._tag !== "InputEnded") return impossible(event, "the message is being read")
  const last = MessageSplitter.feed(state.splitter, LineEnds.finish(state.lineEnds))
  const end = MessageSplitter.finish(last.splitter)
  return [state, { ...end, fields: [...last.fields, ...end.fields], body: concat([last.body, end.body]) }]
}

const readHeader = (state: Reading, split: MessageSplitter.Split, ended: boolean): Step<State, Command> => {
  const { circumstances, recipients, sender } = state
  const { print } = circumstances.options
  const fields = split.fields.length === 0 ? state.fields : GrowingList.add(state.fields, split.fields)
  if (split.splitter.part === "header") return step({ ...state, splitter: split.splitter, fields })
  return Result.match(SubmittedHeader.complete(GrowingList.toArray(fields).flat(), sender, recipients, circumstances), {
    onFailure: (refusal) =>
      step(
        over(exitPermanent, complaintOf(refusal)),
        ...(refusal._tag === "Unparsable" && refusal.isOwnFrom && !print ? [openQueue, abandon] : [])
      ),
    onSuccess: ({ envelope, header }) => {
      const body = concat([toChunk(header), split.body])
      const passed = passBody(
        { _tag: "PassingBody", print, envelope, lineEnds: state.lineEnds, splitter: split.splitter },
        { ...split, body },
        ended
      )
      return print ? passed : step(passed.state, openQueue, ...passed.commands)
    }
  })
}

const passBody = (state: Passing, { body, splitter }: MessageSplitter.Split, ended: boolean): Step<State, Command> => {
  const { envelope, print } = state
  const put: ReadonlyArray<Command> =
    body.length === 0 ? [] : [print ? { _tag: "Print", bytes: body } : { _tag: "PutMessage", bytes: body }]
  if (!ended) return step({ ...state, splitter }, ...put)
  return print
    ? step(over(exitSuccess, ""), ...put)
    : step({ _tag: "Queueing" }, ...put, { _tag: "FinishMessage", envelope })
}

const complaintOf = (refusal: SubmittedHeader.Refusal): ByteString => {
  switch (refusal._tag) {
    case "Unparsable":
      return unparsableLine(refusal.text)
    case "BadEnvelope":
      return fatal(`${refusal.reason}\n`)
  }
}

const addition = (mark: "." | "@", text: ByteString): Result.Result<ReadonlyArray<Token>, ByteString> =>
  Result.mapError(HeaderTokens.parse(mark + text), () => unparsableLine(mark + text))

const over = (exitCode: ExitCode, complaint: ByteString): State => ({ _tag: "Over", exitCode, complaint })

const printFailed = (reason: ByteString): State => over(exitTemporary, fatal(`unable to write output: ${reason}\n`))

const fatal = (text: ByteString): ByteString => `qmail-inject: fatal: ${text}`

/** A field brings its own line feed; a control file or an address has none. */
const unparsableLine = (text: ByteString): ByteString => fatal(`unable to parse this line:\n${text}`)

const openQueue: Command = { _tag: "OpenQueue" }
const abandon: Command = { _tag: "AbandonMessage" }

/** Lines of completed fields have at most 78 bytes where they can be folded. (LINELEN of qmail-inject.c) */
const headerWidth = 80
