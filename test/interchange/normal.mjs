// Takes out of what was seen whatever differs between two runs of the same programs: times, process ids, inode numbers.

const rules = [
  [/\b\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (-0000|GMT|[+-]\d{4})/g, "DATE"],
  [/\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, "DATE"],
  [/\b[A-Z][a-z]{2}, DATE/g, "DATE"],
  [/<\d{14}\.\d+\.(?:qmail|predate|qr)@/g, "<NOW.PID.qmail@"],
  [/\(qmail \d+ invoked/g, "(qmail PID invoked"],
  [/\bqp \d+/g, "qp PID"],
  [/(?<=[:_/])_?qp_\d+/g, "_qp_PID"],
  [/ok([_ ])\d{9,11}([_ ])qp/g, "ok$1NOW$2qp"],
  [/timed out \d+ seconds/g, "timed out SOME seconds"],
  [/\bmsg \d+/g, "msg N"],
  [/\b\d\d:(?=Kok)/g, "LENGTH:"],
  [/#\d+ {2}\d+/g, "#N  BYTES"],
  [/\bbytes \d+/g, "bytes BYTES"],
  [/\bdelivery \d+:/g, "delivery D:"],
  [/<\d+\.\d+@/g, "<PID.NOW@"],
  [/\b\d{9,10}\.(?:M\d+P)?\d+(?:_\d+)?\./g, "NOW.PID."],
  [/\.example:\d{4,5}\b/g, ".example:PORT"],
  [/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT"]
]

export const normal = (text) => rules.reduce((result, [pattern, name]) => result.replace(pattern, name), text)
/** Deliveries go on side by side: the order of lines is chance. */
export const sortedLines = (text) => normal(text).split("\n").sort().join("\n")
/** So is the order of paragraphs of a bounce, and of messages that came within one second. */
export const sortedParagraphs = (text) => normal(text).split(/\n\n+/).sort().join("\n\n")

/** What differs, as lines of a report; at most `most` of them. */
export const differences = (expected, seen, most = 12) => {
  const lines = []
  for (const name of new Set([...expected.keys(), ...seen.keys()])) {
    const [a, b] = [expected.get(name), seen.get(name)]
    if (a === b) continue
    const missing = multiset(a).subtract(b)
    const added = multiset(b).subtract(a)
    lines.push(`${name}:`, ...missing.map((line) => `  - ${line}`), ...added.map((line) => `  + ${line}`))
    if (missing.length + added.length === 0) lines.push("  order of lines")
  }
  return lines.length > most ? [...lines.slice(0, most), `  … ${lines.length - most} more`] : lines
}

const multiset = (text = "(absent)") => ({
  subtract: (other = "(absent)") => {
    const left = new Map()
    for (const line of other.split("\n")) left.set(line, (left.get(line) ?? 0) + 1)
    return text.split("\n").filter((line) => {
      const count = left.get(line) ?? 0
      if (count > 0) left.set(line, count - 1)
      return count === 0
    })
  }
})
