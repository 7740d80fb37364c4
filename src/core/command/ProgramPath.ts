/** Where a program may be that was named without a directory, as execvp(3) looks for it. */
import type { ByteString } from "../Bytes.ts"

/** `directory`: the working directory, absolute. */
export const candidates = (
  program: ByteString,
  path: ByteString | undefined,
  directory: ByteString
): ReadonlyArray<ByteString> => {
  const absolute = (file: ByteString): ByteString => (file[0] === "/" ? file : `${directory}/${file}`)
  if (program.includes("/")) return [absolute(program)]
  if (program === "") return []
  return (path ?? "/bin:/usr/bin").split(":").map((place) => absolute(place === "" ? program : `${place}/${program}`))
}
