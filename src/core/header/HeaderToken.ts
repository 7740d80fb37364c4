/** What a header is made of, to RFC 822: words, and the seven marks between them. */
import type { ByteString } from "../Bytes.ts"

export interface Word {
  readonly _tag: "Atom" | "Quoted" | "Literal" | "Comment"
  /** Without what encloses it, backslashes resolved, inner parentheses gone. */
  readonly text: ByteString
}

export interface Mark {
  readonly _tag: "<" | ">" | "@" | "." | "," | ";" | ":"
}

export type Token = Word | Mark

export const isWord = (token: Token): token is Word => "text" in token
