/**
 * How far is local time from UTC, for a TZ such as `EST5EDT,M3.2.0,M11.1.0`?
 *
 * Names of zones (`Europe/Berlin`) are the system's business; this is only what POSIX (XBD 8.3) lets a user write.
 */
import { calendar } from "./Time.ts"

/** Seconds east of UTC at that time; undefined if `zone` is no such text. */
export const offsetAt = (zone: string, time: number): number | undefined => {
  if (zone === "") return 0
  const parts = pattern.exec(zone) ?? standardPattern.exec(zone)
  if (parts === null) return undefined
  const [, standardText, summerName, summerText, startText, endText] = parts
  const standard = -offset(standardText!)
  if (summerName === undefined) return standard
  const summer = summerText === undefined ? standard + 3600 : -offset(summerText)
  const { year } = calendar(time + standard)
  const start = change(startText ?? "M3.2.0", year)
  const end = change(endText ?? "M11.1.0", year)
  if (start === undefined || end === undefined) return undefined
  const begins = start - standard
  const ends = end - summer
  const isSummer = begins < ends ? time >= begins && time < ends : time >= begins || time < ends
  return isSummer ? summer : standard
}

/** Local seconds since 1970 at which a rule takes effect in that year: `Mm.w.d`, `Jn` or `n`, and `/time`. */
const change = (rule: string, year: number): number | undefined => {
  const [, month, week, weekday, julian, zeroBased, timeText] = rulePattern.exec(rule) ?? []
  const atTime = timeText === undefined ? 2 * 3600 : seconds(timeText)
  if (month !== undefined) return dayOfWeek(year, Number(month) - 1, Number(week), Number(weekday)) * 86400 + atTime
  const newYear = daysBefore(year, 0)
  if (julian !== undefined) {
    const afterFebruary = Number(julian) > 59 && daysBefore(year, 2) - newYear === 60
    return (newYear + Number(julian) - 1 + (afterFebruary ? 1 : 0)) * 86400 + atTime
  }
  return zeroBased === undefined ? undefined : (newYear + Number(zeroBased)) * 86400 + atTime
}

/** Days since 1970; week 5 is the last one that has the day. */
const dayOfWeek = (year: number, month: number, week: number, weekday: number): number => {
  const first = daysBefore(year, month)
  const next = month === 11 ? daysBefore(year + 1, 0) : daysBefore(year, month + 1)
  const firstWeekday = (((first + 4) % 7) + 7) % 7
  const day = first + ((weekday - firstWeekday + 7) % 7) + (week - 1) * 7
  return day < next ? day : day - 7
}

/** Days from 1970 to the first of a month. */
const daysBefore = (year: number, month: number): number => {
  const shifted = month < 2 ? year - 1 : year
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400)
  return 365 * shifted + leapDays + Math.floor((153 * ((month + 10) % 12) + 2) / 5) - 719468
}

/** What is too much counts as the most there can be, as in glibc. */
const offset = (text: string): number =>
  seconds(text.replace(/[0-9]+/g, (digits, at: number) => String(Math.min(Number(digits), at > 1 ? 59 : 24))))

/** `[+-]hh[:mm[:ss]]` */
const seconds = (text: string): number => {
  const [hours, minutes, rest] = text.replace(/^[+-]/, "").split(":").map(Number)
  const length = hours! * 3600 + (minutes ?? 0) * 60 + (rest ?? 0)
  return text[0] === "-" ? -length : length
}

const name = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
const length = "[+-]?[0-9]+(?::[0-9]{1,2}){0,2}"
const pattern = new RegExp(`^${name}(${length})(?:(${name})(${length})?(?:,([^,]+),([^,]+))?)?$`)
/** Half a rule is passed over, and summer time with it, as in glibc. */
const standardPattern = new RegExp(`^${name}(${length})${name}(?:${length})?,[^,]*$`)
const rulePattern = new RegExp(`^(?:M([0-9]{1,2})\\.([1-5])\\.([0-6])|J([0-9]{1,3})|([0-9]{1,3}))(?:/(${length}))?$`)
