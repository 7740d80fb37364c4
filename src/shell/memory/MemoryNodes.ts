/** What a disk in memory is made of: nodes with two states of everything, and the refusals of its calls. */
import { type ByteString } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"
import type { FileKind, FileStat } from "../platform/Files.ts"

export interface Node {
  readonly inode: number
  readonly kind: FileKind
  content: Uint8Array
  durableContent: Uint8Array | undefined
  entries: Map<ByteString, Node>
  durableEntries: Map<ByteString, Node>
  target: ByteString
  mode: number
  uid: number
  gid: number
  mtime: number
  atime: number
  openCount: number
}

export interface Descriptor {
  readonly node: Node
  readonly append: boolean
  position: number
}

export class Refusal extends Error {
  readonly errno: Errno
  constructor(errno: Errno) {
    super(errno)
    this.errno = errno
  }
}

export const parts = (path: ByteString): Array<ByteString> =>
  path.split("/").filter((name) => name !== "" && name !== ".")

export const statOf = (node: Node): FileStat => ({
  kind: node.kind,
  inode: String(node.inode),
  device: "0",
  bytes: node.content.length,
  mode: node.mode,
  uid: node.uid,
  gid: node.gid,
  mtime: node.mtime,
  atime: node.atime
})
