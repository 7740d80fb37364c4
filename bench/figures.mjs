// What the kernel says about a process and its children: memory and CPU, from /proc.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { sleep } from "./statistics.mjs"

/** Of one clock tick of /proc/PID/stat: USER_HZ is 100 on Linux. */
const tickMs = 10

/** CPU milliseconds of the process, its living descendants, and all children they waited for. */
export const cpuMs = (pid) => family(pid).reduce((sum, { ticks }) => sum + ticks, 0) * tickMs

/** Waits until the family has used no CPU to speak of for `quietMs`. */
export const untilQuiet = async (pid, quietMs = 300, limitMs = 60_000) => {
  for (let waited = 0; waited < limitMs; waited += quietMs) {
    const before = cpuMs(pid)
    await sleep(quietMs)
    if (cpuMs(pid) - before <= 2 * tickMs) return true
  }
  return false
}

/** MiB resident now. */
export const residentMiB = (pid) => statusKiB(pid, "VmRSS") / 1024

/** MiB resident at most since `forgetPeak`. */
export const peakMiB = (pid) => statusKiB(pid, "VmHWM") / 1024

/** Sets the peak to what is resident now. (proc(5), clear_refs) */
export const forgetPeak = (pid) => writeFileSync(`/proc/${pid}/clear_refs`, "5")

/** MiB of the family, pages that several share divided among them. */
export const sharedOutMiB = (pid) =>
  family(pid).reduce((sum, one) => {
    try {
      return sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one.pid}/smaps_rollup`, "utf8"))?.[1] ?? 0)
    } catch {
      return sum
    }
  }, 0) / 1024

/** CPU milliseconds of the children this very process has waited for. */
export const waitedCpuMs = () => {
  const { waited } = parseStat(readFileSync("/proc/self/stat", "latin1"))
  return waited * tickMs
}

const statusKiB = (pid, field) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1])

const parseStat = (stat) => {
  // The name may hold anything: fields are counted after its closing parenthesis, the state being field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const own = Number(fields[11]) + Number(fields[12])
  const waited = Number(fields[13]) + Number(fields[14])
  return { pid: parseInt(stat, 10), parent: Number(fields[1]), ticks: own + waited, waited }
}

const family = (pid) => {
  const all = []
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue
    try {
      all.push(parseStat(readFileSync(`/proc/${name}/stat`, "latin1")))
    } catch {
      // ended since it was listed
    }
  }
  const members = new Set([pid])
  for (let grown = -1; grown !== members.size;) {
    grown = members.size
    for (const one of all) if (members.has(one.parent)) members.add(one.pid)
  }
  return all.filter((one) => members.has(one.pid))
}
