/** Domain names as lookup keys: the name itself, then every suffix that begins with a dot. */
import { type ByteString } from "../Bytes.ts"

/** `a.b.c` gives `a.b.c`, `.b.c`, `.c`. */
export const suffixes = (domain: ByteString): ReadonlyArray<ByteString> => {
  const keys = [domain]
  for (let dot = domain.indexOf("."); dot >= 0; dot = domain.indexOf(".", dot + 1))
    if (dot > 0) keys.push(domain.slice(dot))
  return keys
}
