/**
 * Every program: the section of its manual page, the mode that notqmail gives it, and whether it lies in `bin` of a
 * home. Those that set up a host stay where they were built, as qmail's do: `bin` stands first in the PATH of all that
 * qmail-start starts, and a `hostname` there would take the place of the system's. (programs.md, overview table)
 */

export interface Program {
  readonly name: string
  readonly section: 1 | 8
  /** Of machine code, which nobody need read to run it. */
  readonly mode: number
  readonly isInstalled: boolean
}

type Row = readonly [name: string, section: 1 | 8, mode?: number]

const installed: ReadonlyArray<Row> = [
  ["qmail-queue", 8, 0o4711],
  ["qmail-lspawn", 8, 0o700],
  ["qmail-start", 8, 0o700],
  ["qmail-getpw", 8, 0o711],
  ["qmail-local", 8, 0o711],
  ["qmail-remote", 8, 0o711],
  ["qmail-rspawn", 8, 0o711],
  ["qmail-clean", 8, 0o711],
  ["qmail-send", 8, 0o711],
  ["splogger", 8, 0o711],
  ["qmail-newu", 8, 0o700],
  ["qmail-newmrh", 8, 0o700],
  ["qmail-pw2u", 8, 0o711],
  ["qmail-inject", 8],
  ["sendmail", 8],
  ["predate", 1],
  ["datemail", 1],
  ["mailsubj", 1],
  ["qmail-showctl", 8],
  ["qmail-qread", 8],
  ["qmail-qstat", 8],
  ["qmail-tcpto", 8],
  ["qmail-tcpok", 8],
  ["qmail-pop3d", 8],
  ["qmail-popup", 8, 0o711],
  ["qmail-qmqpc", 8],
  ["qmail-qmqpd", 8],
  ["qmail-qmtpd", 8],
  ["qmail-smtpd", 8],
  ["tcp-env", 1],
  ["qreceipt", 1],
  ["qbiff", 1],
  ["forward", 1],
  ["preline", 1],
  ["condredirect", 1],
  ["bouncesaying", 1],
  ["except", 1],
  ["maildirmake", 1],
  ["maildir2mbox", 1],
  // Not in notqmail, or there no more.
  ["qsmhook", 1],
  ["maildirwatch", 1],
  ["elq", 1],
  ["pinq", 1],
  ["qail", 1],
  ["config", 8],
  ["config-fast", 8],
  ["qmail-config", 8],
  ["thresher", 8]
]

const setUp: ReadonlyArray<Row> = [
  ["instpackage", 8],
  ["instchown", 8],
  ["instcheck", 8],
  ["qmail-mkids", 8],
  ["qmail-upq", 8],
  ["dnsfq", 8],
  ["dnsip", 8],
  ["dnsptr", 8],
  ["dnscname", 8],
  ["dnsmxip", 8],
  ["hostname", 8],
  ["ipmeprint", 8]
]

const rows = (list: ReadonlyArray<Row>, isInstalled: boolean): ReadonlyArray<Program> =>
  list.map(([name, section, mode = 0o755]) => ({ name, section, mode, isInstalled }))

export const all: ReadonlyArray<Program> = [...rows(installed, true), ...rows(setUp, false)]
