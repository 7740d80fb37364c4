// Medians, percentiles and the wall clock of the measurements.
import { performance } from "node:perf_hooks"

/** Milliseconds, comparable between the processes of one machine. */
export const now = () => performance.timeOrigin + performance.now()

export const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms))

export const round = (x, digits = 2) => (Number.isFinite(x) ? Number(x.toFixed(digits)) : null)

/** The smallest value that at least `share` of the values do not exceed. */
export const percentile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? null
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : round((sorted[half - 1] + sorted[half]) / 2, 3)
}
