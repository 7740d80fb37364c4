/**
 * The files that are copied into a home: boot scripts, programs, manual pages, documents, samples. With `Layout`, which
 * has what is made there, this is the one table of everything that is installed. (qmail's hier.c)
 */
import type { ByteString } from "../Bytes.ts"
import * as BootScripts from "./BootScripts.ts"
import * as ControlSamples from "../control/ControlSamples.ts"
import * as Layout from "./Layout.ts"
import * as Programs from "./Programs.ts"

/** A home with one owner has its programs and no more: the rest is in the package. */
export const entries = ({ owners }: Layout.Shape, home: ByteString): ReadonlyArray<Layout.Entry> => [
  ...(owners === "one"
    ? []
    : BootScripts.all(home).map(({ content, name }) => copy(`boot/${name}`, { _tag: "Text", content }, 0o755))),
  ...Programs.all.filter(({ isInstalled }) => isInstalled).map(({ name }) => Layout.program(name)),
  copy("bin/package.json", { _tag: "Text", content: commonJs }),
  ...(owners === "one"
    ? []
    : [
        ...manuals.map((name) => copy(`man/man${name.slice(-1)}/${name}`, { _tag: "Manual", name })),
        ...documents.map((name) => copy(`doc/${name}`, { _tag: "Document", name })),
        ...ControlSamples.all.map(({ content, name }) => copy(`doc/control/${name}`, { _tag: "Text", content }))
      ])
]

/** What `instpackage`, `instchown` and `instcheck` go through; undefined: no such words behind their names. */
export const chosen = (
  words: ReadonlyArray<ByteString>,
  shape: Layout.Shape,
  home: ByteString
): ReadonlyArray<Layout.Entry> | undefined => {
  if (words.length === 0) return [...Layout.entries(shape), ...entries(shape, home)]
  return words.length === 1 && words[0] === "queue-only" ? Layout.queue(shape) : undefined
}

const copy = (path: ByteString, from: Layout.Source, mode = 0o644): Layout.Entry => ({
  path,
  kind: "file",
  owner: "root",
  group: "qmail",
  mode,
  bytes: 0,
  from
})

const manuals: ReadonlyArray<string> = [
  ...Programs.all.filter(({ isInstalled }) => isInstalled).map(({ name, section }) => `${name}.${section}`),
  "thresher-queue.8",
  "addresses.5",
  "dot-qmail.5",
  "envelopes.5",
  "forgeries.7",
  "maildir.5",
  "mbox.5",
  "qmail.7",
  "qmail-command.8",
  "qmail-control.5",
  "qmail-header.5",
  "qmail-limits.7",
  "qmail-log.5",
  "qmail-users.5",
  "tcp-environ.5"
]

/** For whoever runs a host; below docs/ of the sources. */
const documents: ReadonlyArray<string> = [
  "COMPATIBILITY.md",
  "DIFFERENCES.md",
  "GLOSSARY.md",
  "INSTALL.md",
  "QUEUE.md",
  "SECURITY.md",
  "service/qmail-smtpd.socket",
  "service/qmail-smtpd@.service",
  "service/qmail.run",
  "service/qmail.service",
  "service/run",
  "service/thresher.service",
  "service/thresher.socket"
]

/** Beside the programs, which are CommonJS: no package.json above may say otherwise. */
const commonJs = '{"type":"commonjs"}\n'
