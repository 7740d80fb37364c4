/** Seconds since 1970 in UTC, lengths of time, and the three ways qmail writes a date. */
import * as Brand from "effect/Brand"

export type EpochSeconds = number & Brand.Brand<"EpochSeconds">
export const EpochSeconds = Brand.nominal<EpochSeconds>()

/** A length of time. */
export type Seconds = number

export interface Calendar {
  readonly year: number
  /** 0 is January. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** 0 is Sunday. */
  readonly weekday: number
}

/** Proleptic Gregorian calendar, UTC. (Days to civil date by 400-year eras.) */
export const calendar = (time: number): Calendar => {
  const days = Math.floor(time / 86400)
  const rest = Math.floor(time) - days * 86400
  const shifted = days + 719468
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (marchMonth + 2) % 12
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7
  }
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`)

/** `3 Jan 1996 01:05:34 -0000`: day unpadded, always UTC. (qmail's date822fmt, without the line feed.) */
export const date822 = (time: number): string => {
  const c = calendar(time)
  return `${c.day} ${months[c.month]} ${c.year} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} -0000`
}

/** `Wed Jan 03 01:05:34 1996`: 24 characters, UTC, day padded with a zero. (qmail's myctime.) */
export const ctime = (time: number): string => {
  const c = calendar(time)
  return `${weekdays[c.weekday]} ${months[c.month]} ${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`
}

/** `19960103010534`, as in a Message-ID. */
export const compactStamp = (time: number): string => {
  const c = calendar(time)
  return `${c.year}${two(c.month + 1)}${two(c.day)}${two(c.hour)}${two(c.minute)}${two(c.second)}`
}

export const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const
export const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const
