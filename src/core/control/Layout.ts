/**
 * What a home consists of: every directory and every file that must be there before anything runs, with owner and
 * mode. `thresher init` and `thresher install` make this, `thresher check` compares with it. (queue.md 1; qmail's hier.c)
 */
import type { ByteString } from "../Bytes.ts"
import type { GroupRole, Role } from "./Roles.ts"

export interface Entry {
  /** Below the home; empty: the home itself. */
  readonly path: ByteString
  readonly kind: "directory" | "file" | "fifo"
  readonly owner: Role
  readonly group: GroupRole
  readonly mode: number
  /** Of a file: as many zero bytes when it is made. */
  readonly bytes: number
}

/** As in an installation record. One owner: all roles are his, and nobody else may look at mail. */
export interface Shape {
  readonly split: number
  readonly owners: "one" | "many"
}

/** A directory stands before what is in it. */
export const entries = (shape: Shape): ReadonlyArray<Entry> => [
  directory("", "root", 0o755),
  ...["control", "users", "bin"].map((path) => directory(path, "root", 0o755)),
  ...(shape.owners === "one"
    ? [directory("alias", "alias", 0o700), directory("mail", "root", 0o700)]
    : [
        ...["boot", "doc", "man", ...manSections.map((section) => `man/man${section}`)].map((path) =>
          directory(path, "root", 0o755)
        ),
        directory("alias", "alias", 0o2755)
      ]),
  ...queue(shape),
  // Hosts without IPv4 are remembered in a file that qmail does not have.
  ...(shape.owners === "one" ? [{ ...file("queue/lock/tcpto6", "qmailr", 0o644), bytes: tcpTimeout6Bytes }] : [])
]

const file = (path: ByteString, owner: Role, mode: number): Entry => ({
  path,
  kind: "file",
  owner,
  group: "qmail",
  mode,
  bytes: 0
})

const queue = ({ split }: Shape): ReadonlyArray<Entry> => [
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
  { path: "queue/lock/trigger", kind: "fifo", owner: "qmails", group: "qmail", mode: 0o622, bytes: 0 }
]

export const directory = (path: ByteString, owner: Role, mode: number): Entry => ({
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
export const program = (name: string): Entry => ({
  path: `bin/${name}`,
  kind: "file",
  owner: name === "qmail-queue" ? "qmailq" : "root",
  group: "qmail",
  mode: readableByRunners(programModes[name] ?? 0o755),
  bytes: 0
})

/** A file that everybody may read: a manual page, a sample. */
export const document = (path: ByteString): Entry => ({
  path,
  kind: "file",
  owner: "root",
  group: "qmail",
  mode: 0o644,
  bytes: 0
})

const readableByRunners = (mode: number): number => mode | ((mode & 0o111) << 2)

/** As notqmail installs them; all others are 0755. */
const programModes: Readonly<Record<string, number>> = {
  "qmail-queue": 0o4711,
  "qmail-lspawn": 0o700,
  "qmail-start": 0o700,
  "qmail-newu": 0o700,
  "qmail-newmrh": 0o700,
  "qmail-getpw": 0o711,
  "qmail-local": 0o711,
  "qmail-remote": 0o711,
  "qmail-rspawn": 0o711,
  "qmail-clean": 0o711,
  "qmail-send": 0o711,
  "qmail-pw2u": 0o711,
  "qmail-popup": 0o711,
  splogger: 0o711
}

/** 64 records of 16 bytes. */
const tcpTimeoutBytes = 1024
/** 64 records of 32 bytes. */
const tcpTimeout6Bytes = 64 * 32
const manSections = [1, 5, 7, 8]
