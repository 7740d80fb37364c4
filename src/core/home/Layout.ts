/**
 * What a home consists of: every directory and every file that must be there before anything runs, with owner and
 * mode. `thresher init`, `thresher install` and `instpackage` make this, `instchown` gives it to its owners,
 * `thresher check` and `instcheck` compare with it. What is copied there is in `CopiedFiles`. (queue.md 1; qmail's hier.c)
 */
import type { ByteString } from "../Bytes.ts"
import * as Programs from "./Programs.ts"
import type { GroupRole, Role } from "../control/Roles.ts"

export interface Entry {
  /** Below the home; empty: the home itself. */
  readonly path: ByteString
  readonly kind: "directory" | "file" | "fifo"
  readonly owner: Role
  readonly group: GroupRole
  readonly mode: number
  /** Of a file: as many zero bytes when it is made. */
  readonly bytes: number
  /** Of a file that is copied. */
  readonly from?: Source
  /** Of a program that is no script, and that nobody need read to run it. */
  readonly compiledMode?: number
}

export type Source =
  /** By its name: where the programs, the manual pages, the documents are. */
  | { readonly _tag: "Program" | "Manual" | "Document"; readonly name: ByteString }
  | { readonly _tag: "Text"; readonly content: ByteString }

export const modeOf = ({ compiledMode, mode }: Entry, isScript: boolean): number =>
  isScript ? mode : (compiledMode ?? mode)

/** A home stands in PATH, in lines with colons and in lines of text. */
export const isHomePath = (path: ByteString): boolean => path.startsWith("/") && !/[:\n]/.test(path)
export const badHomePath = (path: ByteString): string =>
  `unable to use ${path}: a home is an absolute path without colon and line feed`

/** As in an installation record. One owner: all roles are his, and nobody else may look at mail. */
export interface Shape {
  readonly split: number
  readonly owners: "one" | "many"
}

/** Where other accounts leave mail for the one owner of a home, and how they wake the server. */
export const drop = "drop"
export const dropTrigger = "drop/trigger"

/** A directory stands before what is in it. */
export const entries = (shape: Shape): ReadonlyArray<Entry> => [
  directory("", "root", 0o755),
  ...["control", "users", "bin"].map((path) => directory(path, "root", 0o755)),
  ...(shape.owners === "one"
    ? [
        directory("alias", "alias", 0o700),
        directory("mail", "root", 0o700),
        // Every account may leave mail here, and nobody but the owner's group reads it, nobody but the owner removes it.
        directory(drop, "root", 0o3777),
        {
          path: dropTrigger,
          kind: "fifo" as const,
          owner: "root" as const,
          group: "qmail" as const,
          mode: 0o622,
          bytes: 0
        }
      ]
    : [
        ...["boot", "doc", "doc/service", "doc/control", "man", ...manSections].map((path) =>
          directory(path, "root", 0o755)
        ),
        directory("alias", "alias", 0o2755)
      ]),
  ...queue(shape)
]

const file = (path: ByteString, owner: Role, mode: number): Entry => ({
  path,
  kind: "file",
  owner,
  group: "qmail",
  mode,
  bytes: 0
})

export const queue = ({ owners, split }: Shape): ReadonlyArray<Entry> => [
  directory("queue", "qmailq", 0o750),
  directory("queue/pid", "qmailq", 0o700),
  directory("queue/intd", "qmailq", 0o700),
  directory("queue/todo", "qmailq", 0o750),
  directory("queue/bounce", "qmails", 0o700),
  ...splitDirectory("queue/mess", "qmailq", 0o750, split),
  ...splitDirectory("queue/info", "qmails", 0o700, split),
  ...splitDirectory("queue/local", "qmails", 0o700, split),
  ...splitDirectory("queue/remote", "qmails", 0o700, split),
  directory("queue/lock", "qmailq", 0o750),
  { ...file("queue/lock/tcpto", "qmailr", 0o644), bytes: tcpTimeoutBytes },
  file("queue/lock/sendmutex", "qmails", 0o600),
  { path: "queue/lock/trigger", kind: "fifo", owner: "qmails", group: "qmail", mode: 0o622, bytes: 0 },
  // Hosts without IPv4 are remembered in a file that qmail does not have.
  ...(owners === "one" ? [{ ...file("queue/lock/tcpto6", "qmailr", 0o644), bytes: tcpTimeout6Bytes }] : [])
]

const directory = (path: ByteString, owner: Role, mode: number): Entry => ({
  path,
  kind: "directory",
  owner,
  group: "qmail",
  mode,
  bytes: 0
})

const splitDirectory = (path: ByteString, owner: Role, mode: number, split: number): ReadonlyArray<Entry> => [
  directory(path, owner, mode),
  ...Array.from({ length: split }, (_, i) => directory(`${path}/${i}`, owner, mode))
]

/** A program in `bin`. Ours are scripts: whoever may run one must also be able to read it. */
export const program = (name: string): Entry => {
  const compiledMode = programModes.get(name) ?? 0o755
  return {
    path: `bin/${name}`,
    kind: "file",
    owner: name === "qmail-queue" ? "qmailq" : "root",
    group: "qmail",
    mode: readableByRunners(compiledMode),
    bytes: 0,
    from: { _tag: "Program", name },
    compiledMode
  }
}

const readableByRunners = (mode: number): number => mode | ((mode & 0o111) << 2)
const programModes = new Map(Programs.all.map(({ mode, name }) => [name, mode]))

/** 64 records of 16 bytes. */
const tcpTimeoutBytes = 1024
/** 64 records of 32 bytes. */
const tcpTimeout6Bytes = 64 * 32
const manSections = ["man/man1", "man/man5", "man/man7", "man/man8"]
