/** What a counting SMTP sink has seen; duplicates are of one X-Id and recipient. */
export interface SinkCounts {
  readonly messages: number
  readonly recipients: number
  readonly duplicates: number
  readonly sessions: number
  readonly open: number
  readonly peakSessions: number
  readonly last: number
}

/** A sink in a process of its own, waiting `delay` milliseconds before each answer. */
export const forkSink: (options?: { readonly delay?: number }) => Promise<{
  readonly port: number
  readonly counts: () => Promise<SinkCounts>
  readonly stop: () => void
}>
