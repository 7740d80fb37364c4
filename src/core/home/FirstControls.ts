/** What config and config-fast say, and the names they derive from the name of the host. (config.sh, config-fast.sh) */
import type { ByteString } from "../Bytes.ts"

/** Without its first label if two dots are left to tell it by. */
export const defaultDomain = (name: ByteString): ByteString => name.replace(/^[^.]*\.([^.]*)\./, "$1.")
/** The last two labels. */
export const plusDomain = (name: ByteString): ByteString => name.replace(/^.*\.([^.]*)\.([^.]*)$/s, "$1.$2")

export interface Putting {
  readonly file: "me" | "defaultdomain" | "plusdomain" | "locals" | "rcpthosts"
  readonly value: ByteString
}

export const names = (host: ByteString): ReadonlyArray<Putting> => [
  { file: "me", value: host },
  { file: "defaultdomain", value: defaultDomain(host) },
  { file: "plusdomain", value: plusDomain(host) }
]

export const sayPutting = ({ file, value }: Putting): ByteString => `Putting ${value} into control/${file}...\n`

export const noHostName = "Sorry, I couldn't find your hostname.\nYou will have to set up control/me yourself.\n"
export const noCanonicalName =
  "Sorry, I couldn't find your host's canonical name in DNS.\nYou will have to set up control/me yourself.\n"

/** `name`: what the DNS calls this address, if it does. */
export const sayAddress = (address: ByteString, name: ByteString | undefined): ByteString =>
  name === undefined
    ? `${address}: PTR lookup failed. I assume this address has no DNS name.\n`
    : `${address}: Adding ${name} to control/locals...\n`

export const sayMoreNames = (home: ByteString): ByteString =>
  ` \nIf there are any other domain names that point to you,
you will have to add them to ${home}/control/locals.
You don't have to worry about aliases, i.e., domains with CNAME records.
 \nCopying ${home}/control/locals to ${home}/control/rcpthosts...\n`

/** `hosts`: to whom alone SMTP may send now. */
export const sayRefused = (hosts: ByteString): ByteString =>
  `Now qmail will refuse to accept SMTP messages except to ${hosts}.
Make sure to change rcpthosts if you add hosts to locals or virtualdomains!\n`
