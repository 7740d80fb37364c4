/** A message is named by the inode number of its mess file; the path of every queue file follows from it. */
import type { Channel } from "../route/Channel.ts"

/** Decimal digits: an inode number may exceed 2^53. */
export type MessageNumber = string

export const isMessageNumber = (name: string): name is MessageNumber => /^[0-9]+$/.test(name)

/** Number of subdirectories of the split directories, unless installed otherwise. (conf-split) */
export const defaultSplit = 23

export const subdirectory = (id: MessageNumber, split: number): number =>
  id.length < 16 ? Number(id) % split : Number(BigInt(id) % BigInt(split))

/** Paths below `queue/`. */
export const mess = (id: MessageNumber, split: number): string => `mess/${subdirectory(id, split)}/${id}`
export const info = (id: MessageNumber, split: number): string => `info/${subdirectory(id, split)}/${id}`
export const channelFile = (channel: Channel, id: MessageNumber, split: number): string =>
  `${channel}/${subdirectory(id, split)}/${id}`
export const intd = (id: MessageNumber): string => `intd/${id}`
export const todo = (id: MessageNumber): string => `todo/${id}`
export const bounce = (id: MessageNumber): string => `bounce/${id}`
/** How the spawners are told: `<split>/<inode>`. */
export const messId = (id: MessageNumber, split: number): string => `${subdirectory(id, split)}/${id}`
