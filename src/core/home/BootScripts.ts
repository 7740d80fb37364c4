/**
 * The files of `boot`: each starts qmail's processes with another default delivery; whoever sets up a host copies one.
 * Those with +df let users keep the `.forward` files of sendmail. (home.sh, proc.sh, binm1.sh and so on)
 */
import type { ByteString } from "../Bytes.ts"

export interface BootScript {
  readonly name: string
  readonly content: ByteString
}

/** `home`: absolute. */
export const all = (home: ByteString): ReadonlyArray<BootScript> =>
  Object.entries(deliveries).flatMap(([name, { says, line }]) => [
    { name, content: script(home, [says], [line]) },
    { name: `${name}+df`, content: script(home, [dotForward.says, says], [dotForward.line, line]) }
  ])

const deliveries = {
  home: { says: "Mail goes to ~/Mailbox.", line: "./Mailbox" },
  proc: { says: "Mail goes through procmail.", line: "|preline procmail" },
  binm1: {
    says: "Mail goes to the system's mail spool, by mail.local of BSD 4.4.",
    line: `|preline -f /usr/libexec/mail.local -r "\${SENDER:-MAILER-DAEMON}" -d "$USER"`
  },
  binm2: {
    says: "Mail goes to the system's mail spool, by /bin/mail of System V.",
    line: `|preline -f /bin/mail -r "\${SENDER:-MAILER-DAEMON}" -d "$USER"`
  },
  binm3: {
    says: "Mail goes to the system's mail spool, by /bin/mail of Version 7.",
    line: `|preline -f /bin/mail -f "\${SENDER:-MAILER-DAEMON}" -d "$USER"`
  }
}

const dotForward = {
  says: "Where a user has ~/.forward, dot-forward (a package of its own) obeys it.",
  line: "|dot-forward .forward"
}

const script = (home: ByteString, says: ReadonlyArray<string>, lines: ReadonlyArray<string>): ByteString =>
  `#!/bin/sh
# Starts qmail; the log goes to syslog.
${says.map((text) => `# ${text}\n`).join("")}
exec env - PATH="${quoted(home)}/bin:$PATH" \\
qmail-start '${lines.join("\n")}' \\
splogger qmail
`

const quoted = (text: ByteString): ByteString => text.replace(/["$`\\]/g, "\\$&")
