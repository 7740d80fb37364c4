// Makes docs/man/qmail-control.5 and the samples in control/ from the table of settings. test/manuals.test.ts
// compares both with what this gives, so that they cannot drift.
import { writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as ControlSamples from "../src/core/control/ControlSamples.ts"
import * as Settings from "../src/core/control/Settings.ts"

const date = "November 23, 2026"

const readers = {
  line: "line",
  integer: "number",
  list: "list",
  map: "list",
  cdb: "database"
}

const defaultOf = (setting) => {
  switch (setting.reader) {
    case "line":
      switch (setting.default._tag) {
        case "MeElse":
          return `the name in\n.Pa me ,\nelse the word\n.Li ${setting.default.literal}`
        case "Literal":
          return `.Li ${setting.default.literal}`
        case "Me":
          return "the name in\n.Pa me"
        case "None":
          return "none"
      }
      break
    case "integer":
      return setting.own === undefined || setting.own === setting.default
        ? `${setting.default}`
        : `${setting.own}; in a qmail home ${setting.default}`
    default:
      if (setting.own !== undefined) return `${setting.own.join(" ")}; in a qmail home none`
      return setting.orMe ? "the name in\n.Pa me" : "none"
  }
}

const programs = (setting) =>
  setting.readBy.map((name) => (name === "thresher" ? ".Xr thresher 8" : `.Xr qmail-${name} 8`)).join(" ,\n")

const escape = (text) => text.replaceAll("\\", "\\e").replace(/^([.'])/gm, "\\&$1")

/** `Default` and what follows end in a full stop; a macro line wants it as an argument of its own. */
const stopped = (text) => (text.split("\n").at(-1).startsWith(".") ? `${text} .` : `${text}.`)

const entry = (setting) =>
  [
    `.It Pa ${setting.name}`,
    `${escape(setting.meaning[0].toUpperCase() + setting.meaning.slice(1))}.`,
    `A ${readers[setting.reader]}, read by`,
    stopped(programs(setting)),
    ...(setting.reader === "cdb" ? [] : [stopped(`Default:\n${defaultOf(setting)}`)]),
    ...(setting.reread ? ["Read again on SIGHUP."] : []),
    ...(more[setting.name] === undefined ? [] : [".Pp", more[setting.name].trim()])
  ].join("\n")

const more = {
  badmailfrom: `
A line is a whole address, or
.Li @domain
for every sender of a domain.
The mail is refused at each RCPT.`,
  classic: `
A home without
.Pa install.json
is classic, one made by
.Xr thresher 8
is not; this file overrides both.`,
  concurrencylocal: `
At most what the spawner takes, see
.Xr qmail-lspawn 8 .`,
  concurrencyremote: `
At most what the spawner takes, see
.Xr qmail-rspawn 8 .`,
  locals: `
A message for
.Ar user Ns @ Ns Ar domain
is delivered locally if the domain is here.
An empty file means that no domain is local.`,
  me: `
The fully qualified name.
Most other names default to it, and without it the servers do not start.`,
  morercpthosts: `
After a change run
.Xr qmail-newmrh 8 .
Put the domains that are asked for most into
.Pa rcpthosts .`,
  percenthack: `
If
.Ar domain
is here, an address
.Ar user Ns % Ns Ar host Ns @ Ns Ar domain
is rewritten as
.Ar user Ns @ Ns Ar host .`,
  rcpthosts: `
A message from a stranger is accepted only if the domain of its recipient, or
a suffix of it that begins with a dot, is here or in
.Pa morercpthosts.cdb .
Addresses without @ are always accepted.
Clients for which RELAYCLIENT is set, or that are in
.Pa relayclients ,
may send anywhere.
In a qmail home a missing file lets everybody relay.`,
  relayclients: `
A line is an address, a prefix that ends in a dot, or a network with its
number of bits, for IPv4 and IPv6.
The variable RELAYCLIENT, where set, wins.`,
  smtproutes: `
The whole domain is looked up first, then each suffix that begins with a dot,
then the empty domain, which stands for all others.
An empty relay means that the MX records are used after all.
The relay may be an address in brackets; the port may be left out.
.Bd -literal -offset indent
example.net:relay.example.org
\\&.example.com:[192.0.2.1]:26
:smarthost.example.org
.Ed`,
  virtualdomains: `
A message for
.Ar user Ns @ Ns Ar domain
is delivered locally, to
.Ar prepend Ns - Ns Ar user Ns @ Ns Ar domain .
The whole address is looked up first, then the domain, then each suffix that
begins with a dot, then the empty key.
An empty prepend is an exception: the address is remote.
.Pa locals
wins over this file.`
}

export const page = () =>
  `.\\" Made by scripts/make-control-man.mjs. Do not edit.
.Dd ${date}
.Dt QMAIL-CONTROL 5
.Os
.Sh NAME
.Nm qmail-control
.Nd control files
.Sh DESCRIPTION
Each file in the directory
.Pa control
of a home holds one setting.
A missing file means the default.
Programs that run once a message read their files anew each time, so that a
change takes effect at once;
.Xr qmail-send 8
reads them when it starts, and those marked so again on SIGHUP.
.Ic thresher start
reads all of them when it starts, and all again on SIGHUP; if one is bad, none of
them counts.
Change a file by writing a new one and renaming it.
.Pp
There are four kinds of files:
.Bl -tag -width database
.It line
The first line counts, without blanks at its end.
There are no comments.
A file that exists and is empty means the empty value.
.It number
As a line that begins with decimal digits.
Without a digit at its start the file counts as missing.
.It list
Each line is an entry, without blanks at its end.
Empty lines, and lines that begin with
.Li # ,
are skipped.
Case does not matter; of entries with the same key the last one counts.
The key of
.Ar key Ns \\&: Ns Ar value
ends at the first colon.
.It database
A constant database, made by another program.
.El
.Pp
A file that cannot be read, or whose number is too large, is a temporary
failure, never a silent default.
.Xr qmail-showctl 8
says what the files mean, and
.Ic thresher check
what is probably wrong with them.
.Ss The files of qmail
.Bl -tag -width 4n
${Settings.all.slice(0, firstOwn).map(entry).join("\n")}
.El
.Ss The files of Thresher
In a qmail home, one without
.Pa install.json ,
each of these has the value that changes nothing, unless its file exists.
.Bl -tag -width 4n
${Settings.all.slice(firstOwn).map(entry).join("\n")}
.El
.Sh SEE ALSO
.Xr qmail-users 5 ,
.Xr qmail-newmrh 8 ,
.Xr qmail-send 8 ,
.Xr qmail-showctl 8 ,
.Xr qmail-smtpd 8
`

const firstOwn = Settings.all.findIndex(({ name }) => name === "virtualdomains") + 1

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..")
  writeFileSync(join(root, "docs/man/qmail-control.5"), page())
  for (const { content, name } of ControlSamples.all) writeFileSync(join(root, "control", name), content)
}
