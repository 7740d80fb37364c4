/**
 * Which assignments does a passwd file ask for?
 *
 * Every account but root gets its name and all extensions of it, unless the lists or its home directory speak against
 * it; the alias account gets everything that nobody else has. From: qmail-pw2u.c.
 */
import { type ByteString, leadingNumber } from "../Bytes.ts"
import { type ControlMap, type ControlSet, mapOf } from "../control/ControlMap.ts"

export interface PasswdEntry {
  readonly user: ByteString
  /** As written. */
  readonly uid: ByteString
  readonly gid: ByteString
  readonly homedir: ByteString
}

/** What the option letters of qmail-pw2u decide. */
export interface Options {
  /** What stands between `.qmail` and an extension: `-` or `-/`. */
  readonly dash: ByteString
  /** The delimiter of extensions; empty: there are none. */
  readonly delimiter: ByteString
  readonly capitals: boolean
  /** Required: no home stops the conversion. Checked: it leaves the account out. */
  readonly homes: "required" | "checked" | "ignored"
}

export interface Wishes extends Options {
  /** Undefined: the list does not exist. */
  readonly include: ControlSet | undefined
  readonly exclude: ControlSet | undefined
  readonly mailNames: ControlMap
}

/** `delimiter`: as installed, unless an option says otherwise. Later letters win. */
export const optionsOf = (
  letters: ReadonlyArray<{ readonly letter: string; readonly value: ByteString }>,
  delimiter: ByteString
): Options =>
  letters.reduce<Options>(
    (options, { letter, value }) =>
      letter === "c" ? { ...options, delimiter: value.slice(0, 1) } : { ...options, ...effectOf[letter] },
    { dash: "-", delimiter, capitals: false, homes: "checked" }
  )

const effectOf: Readonly<Record<string, Partial<Options>>> = {
  "/": { dash: "-/" },
  o: { homes: "checked" },
  h: { homes: "required" },
  H: { homes: "ignored" },
  u: { capitals: true },
  U: { capitals: false },
  C: { delimiter: "" }
}

/** Undefined: a line that is no account, or root's. Without its line feed. */
export const parseLine = (line: ByteString): PasswdEntry | undefined => {
  if (line.includes("\0")) return undefined
  const [user, , uid, gid, , homedir, shell] = line.split(":")
  if (shell === undefined || uidOf(uid!) === 0) return undefined
  return { user: user!, uid: uid!, gid: gid!, homedir: homedir! }
}

/** Before its home is looked at. */
export const isWanted = ({ user }: PasswdEntry, { capitals, exclude, include }: Wishes): boolean =>
  (capitals || !/[A-Z]/.test(user)) && include?.has(user) !== false && exclude?.has(user) !== true

/** The home is there; does the account own it? */
export const ownsHome = ({ uid }: PasswdEntry, ownerUid: number): boolean => uidOf(uid) === ownerUid

export const lines = (entry: PasswdEntry, wishes: Wishes, alias: ByteString): ByteString => {
  const account = accountText(entry)
  const names = (wishes.mailNames.find(entry.user) ?? entry.user).split("\0")[0]!.split(":")
  return [
    ...(entry.user === alias ? [`+${account}${wishes.dash}::\n`] : []),
    ...names
      .filter((name) => name !== "")
      .map(
        (name) =>
          `=${name}${account}::\n` +
          (wishes.delimiter === "" ? "" : `+${name}${wishes.delimiter}${account}${wishes.dash}::\n`)
      )
  ].join("")
}

export interface SubuserLines {
  readonly text: ByteString
  /** The account that a line names and that is not among those accepted: the conversion stops there. */
  readonly missing?: ByteString
}

/** `sub:user:pre:` gives the local part `sub` to `user`, as his extension `pre`. */
export const subusers = (content: ByteString, accepted: ReadonlyArray<PasswdEntry>, wishes: Wishes): SubuserLines => {
  const accounts = mapOf(accepted.map((entry) => `${entry.user}:${accountText(entry)}`))
  let text = ""
  for (const line of content.split("\n")) {
    const [sub, user, pre, rest] = line.split(":")
    if (pre === undefined) continue
    const account = accounts.find(user!)
    if (account === undefined) return { text, missing: user! }
    if (rest === undefined) continue
    text += `=${sub}${account}${wishes.dash}:${pre}:\n`
    if (wishes.delimiter !== "") text += `+${sub}${wishes.delimiter}${account}${wishes.dash}:${pre}-:\n`
  }
  return { text }
}

const accountText = ({ gid, homedir, uid, user }: PasswdEntry): ByteString => `:${user}:${uid}:${gid}:${homedir}:`

const uidOf = (uid: ByteString): number => leadingNumber(uid) ?? 0
