/** Lines of /etc/passwd and /etc/group, and what /etc/nsswitch.conf says about other sources. */
import { type ByteString, isDigits } from "../Bytes.ts"
import type { GroupFacts, PasswdFacts } from "./UserAccount.ts"

/** Undefined: not an account (a comment, a compat line `+`, numbers that are none). */
export const passwdLine = (line: ByteString): PasswdFacts | undefined => {
  const [name, , uid, gid, , homedir, shell] = line.split(":")
  if (!name || shell === undefined || !isDigits(uid!) || !isDigits(gid!)) return undefined
  return { name, uid: Number(uid), gid: Number(gid), homedir: homedir! }
}

export const groupLine = (line: ByteString): GroupFacts | undefined => {
  const [name, , gid, members] = line.split(":")
  return name && members !== undefined && isDigits(gid!) ? { name, gid: Number(gid) } : undefined
}

/** The first line with this name. */
export const findByName = <A extends { readonly name: ByteString }>(
  content: ByteString,
  name: ByteString,
  parse: (line: ByteString) => A | undefined
): A | undefined => {
  const start = `${name}:`
  for (const line of content.split("\n"))
    if (line.startsWith(start)) {
      const found = parse(line)
      if (found !== undefined) return found
    }
  return undefined
}

/** Does the system look anywhere but in the file? Without nsswitch.conf it does not. */
export const hasOtherSources = (nsswitch: ByteString, database: "passwd" | "group"): boolean =>
  nsswitch
    .split("\n")
    .filter((line) => line.startsWith(`${database}:`))
    .flatMap((line) =>
      line
        .slice(database.length + 1)
        .replace(/#.*|\[[^\]]*\]/g, " ")
        .split(/[ \t]+/)
    )
    .some((source) => source !== "" && source !== "files")
