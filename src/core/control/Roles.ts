/** Who owns what: qmail's users and groups by what they do. (conf-users, conf-groups) */

/** alias: unowned addresses. d: daemons. l: logs. root: programs and controls. p: passwd lookups. q: queue. r: remote. s: send. */
export type Role = "alias" | "qmaild" | "qmaill" | "root" | "qmailp" | "qmailq" | "qmailr" | "qmails"
export type GroupRole = "qmail" | "nofiles"
