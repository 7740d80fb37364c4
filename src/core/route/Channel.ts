/** The two ways out of the queue. */
export type Channel = "local" | "remote"
export const channels: ReadonlyArray<Channel> = ["local", "remote"]
