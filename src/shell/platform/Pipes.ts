/**
 * Where do the pipes to and from children come from?
 *
 * Node joins a child by sockets, which no program can open as /dev/fd/N, /dev/stdin or /dev/stderr, and it cannot call
 * pipe(2). A FIFO is no substitute: a child that opens it once more waits for the other end. But a shell makes pipes: a
 * pipeline holds several, and we open them in /proc before it ends. What is left over waits for the next child, so that
 * a server does not start a shell for each.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"

export type Direction = "toChild" | "fromChild"

/** The child's end waits where a program expects it to, ours never does. */
export interface Pipe {
  readonly ours: net.Socket
  /** Closed by `release` when the child has it. */
  readonly childs: number
}

export interface Stock {
  /** The shell that is asked. */
  readonly shell: string
  /** Each is open for reading and writing: somebody must have a pipe, or it is gone. */
  readonly pipes: Array<number>
  made: number
  making: Promise<boolean> | undefined
  isClosed: boolean
}

export const open = (shell: string): Stock => ({ shell, pipes: [], made: 0, making: undefined, isClosed: false })

export const close = (stock: Stock): void => {
  stock.isClosed = true
  stock.pipes.splice(0).forEach(closeQuietly)
}

/** Who the child will be, where that is not us: to open a pipe once more is its owner's right. */
export interface Owner {
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

/** Undefined: nobody can make any (no /proc, no shell, no process or descriptor left). */
export const take = async (
  stock: Stock,
  directions: ReadonlyArray<Direction>,
  owner: Owner
): Promise<ReadonlyArray<Pipe> | undefined> => {
  while (stock.pipes.length < directions.length)
    if (!(await (stock.making ??= add(stock, directions.length - stock.pipes.length)))) return undefined
  const pipes: Array<Pipe> = []
  for (const direction of directions) {
    const pipe = divide(stock.pipes.shift()!, direction, owner)
    if (pipe === undefined) return void pipes.forEach(drop)
    pipes.push(pipe)
  }
  return pipes
}

export const release = ({ childs }: Pipe): void => closeQuietly(childs)

/** There is no child to use it. */
export const drop = (pipe: Pipe): void => {
  release(pipe)
  pipe.ours.destroy()
}

/** A program that needs a few in its life makes no more; one that goes on needs many. */
const add = async (stock: Stock, lacking: number): Promise<boolean> => {
  const made = await make(stock.shell, Math.min(Math.max(lacking, stock.made), shellMax))
  stock.making = undefined
  stock.made += made.length
  stock.pipes.push(...made)
  if (stock.isClosed) close(stock)
  return made.length > 0 && !stock.isClosed
}

/** The innermost of nested pipelines has the reading end of each as its descriptors 3 and up. It ends with its input. */
const script = (count: number): string =>
  Array.from({ length: count }, (_, i) => `: | { exec ${first + i}<&0; `).reduceRight(
    (inner, outer) => `${outer}${inner}; }`,
    'read pid others </proc/self/stat; echo "$pid"; read end <&2'
  )

/** None if anything is amiss. */
const make = (shell: string, count: number): Promise<ReadonlyArray<number>> =>
  new Promise((resolve) => {
    const holder = startHolder(shell, count)
    const { stdin, stdout } = holder ?? {}
    if (holder === undefined || stdin == null || stdout == null) return resolve([])
    const done = (pipes: ReadonlyArray<number>): void => {
      stdin.destroy()
      resolve(pipes)
    }
    let said = ""
    stdin.on("error", () => {})
    stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString("latin1")
      if (said.endsWith("\n")) done(openedOf(said.trim(), count))
    })
    stdout.on("close", () => done([]))
  })

const startHolder = (shell: string, count: number): ChildProcess | undefined => {
  try {
    const args = ["-c", `exec 2<&0; ${script(count)}`]
    return spawn(shell, args, { cwd: "/", env: {}, stdio: ["pipe", "pipe", "ignore"] }).on("error", () => {})
  } catch {
    return undefined
  }
}

const openedOf = (pid: string, count: number): ReadonlyArray<number> => {
  const pipes: Array<number> = []
  try {
    for (let fd = first; fd < first + count; fd++) {
      pipes.push(fs.openSync(`/proc/${pid}/fd/${fd}`, fs.constants.O_RDWR | fs.constants.O_NONBLOCK))
      // Some shells join a pipeline by sockets, which cannot be opened, or by files.
      if (!fs.fstatSync(pipes.at(-1)!).isFIFO()) throw new Error("no pipe")
    }
    return pipes
  } catch {
    pipes.forEach(closeQuietly)
    return []
  }
}

/** Whether it waits belongs to an opening, not to a pipe: each end is opened anew, and only ours does not wait. */
const divide = (pipe: number, direction: Direction, { gid = -1, uid = -1 }: Owner): Pipe | undefined => {
  const { O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants
  const isReader = direction === "fromChild"
  const opened: Array<number> = []
  const again = (flags: number): number => {
    const fd = fs.openSync(`/proc/self/fd/${pipe}`, flags)
    opened.push(fd)
    return fd
  }
  try {
    const childs = again(isReader ? O_WRONLY : O_RDONLY)
    const fd = again((isReader ? O_RDONLY : O_WRONLY) | O_NONBLOCK)
    if (uid >= 0 || gid >= 0) fs.fchownSync(pipe, uid, gid)
    return { ours: new net.Socket({ fd, readable: isReader, writable: !isReader }), childs }
  } catch {
    opened.forEach(closeQuietly)
    return undefined
  } finally {
    closeQuietly(pipe)
  }
}

const closeQuietly = (fd: number): void => {
  try {
    fs.closeSync(fd)
  } catch {}
}

/** Numbers of descriptors have one digit in a shell. */
const first = 3
const shellMax = 7
