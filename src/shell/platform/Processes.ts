/**
 * Children: a program with its arguments, environment, directory, ids and descriptors. Interrupting the scope
 * of a child does not kill it; whoever wants that says so with `kill`.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ChildProcess, spawn as spawnChild, type StdioOptions } from "node:child_process"
import type { Readable, Writable } from "node:stream"
import { type ByteString, toText } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"
import type { Ending } from "../../core/queue/QueueStatus.ts"
import * as Pipes from "./Pipes.ts"

/** The program could not be started. */
export class ProcessesError extends Data.TaggedError("ProcessesError")<{
  readonly program: ByteString
  readonly errno: Errno
}> {}

/** A number: that descriptor of ours. `toChild`, `fromChild`: a pipe, used through `write`, `end` and `read`. */
export type ChildDescriptor = number | "ignore" | "toChild" | "fromChild"

export interface ChildDescription {
  /** With a slash: a path. Without: searched in PATH. */
  readonly program: ByteString
  readonly arguments: ReadonlyArray<ByteString>
  /** The whole environment. */
  readonly environment: Readonly<Record<ByteString, ByteString>>
  readonly directory?: ByteString
  readonly descriptors: ReadonlyArray<ChildDescriptor>
  readonly uid?: number
  readonly gid?: number
  /** The child leads a session of its own, and `kill` reaches all that it started. */
  readonly ownGroup?: boolean
}

/** What a program sees of whoever starts it, beside descriptors. */
export type ProgramImage = Pick<ChildDescription, "program" | "arguments" | "environment">

export interface Child {
  readonly pid: number
  /** Known when the child is gone. What it wrote before can still be read. */
  readonly ending: Effect.Effect<Ending>
  /** False: the child reads no more. For most that is no error: the exit code tells. */
  readonly write: (descriptor: number, bytes: Uint8Array) => Effect.Effect<boolean>
  readonly end: (descriptor: number) => Effect.Effect<void>
  /** Next bytes; none at the end. */
  readonly read: (descriptor: number) => Effect.Effect<Uint8Array>
  /** Nothing more will be read or written, also if the child's own children still have the pipe. */
  readonly close: (descriptor: number) => Effect.Effect<void>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
}

export interface ProcessCalls {
  readonly spawn: (description: ChildDescription) => Effect.Effect<Child, ProcessesError>
}

export class Processes extends Context.Service<Processes, ProcessCalls>()("thresher/shell/Processes") {
  /** Where this shell cannot make pipes, children get node's sockets. */
  static readonly layerWithPipesBy = (shell: string): Layer.Layer<Processes> =>
    Layer.effect(
      Processes,
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => Pipes.open(shell)),
          (stock) => Effect.sync(() => Pipes.close(stock))
        ),
        (stock): ProcessCalls => ({
          spawn: (description) =>
            Effect.uninterruptible(
              Effect.flatMap(pipesFor(stock, description), (pipes) => startWith(description, pipes))
            )
        })
      )
    )

  static readonly layer = Processes.layerWithPipesBy("/bin/sh")
}

/** By descriptor of the child. */
type PipeMap = ReadonlyMap<number, Pipes.Pipe>

const pipesFor = (stock: Pipes.Stock, { descriptors, gid, uid }: ChildDescription): Effect.Effect<PipeMap> => {
  const wanted = [...descriptors.entries()].filter(
    (entry): entry is [number, Pipes.Direction] => entry[1] === "toChild" || entry[1] === "fromChild"
  )
  if (wanted.length === 0) return Effect.succeed(new Map())
  const directions = wanted.map(([, direction]) => direction)
  return Effect.map(
    Effect.promise(() => Pipes.take(stock, directions, { uid, gid })),
    (pipes) => new Map(pipes?.map((pipe, i) => [wanted[i]![0], pipe]))
  )
}

const startWith = (description: ChildDescription, pipes: PipeMap): Effect.Effect<Child, ProcessesError> =>
  Effect.callback((resume) => {
    const fail = (errno: Errno): void => {
      for (const { ours } of pipes.values()) ours.destroy()
      resume(Effect.fail(new ProcessesError({ program: description.program, errno })))
    }
    let child: ChildProcess
    try {
      child = start(description, pipes)
    } catch (cause) {
      return fail(errnoOf(cause))
    } finally {
      for (const pipe of pipes.values()) Pipes.release(pipe)
    }
    const ending = Deferred.makeUnsafe<Ending>()
    // With no descriptor left there are no streams at all.
    const streams = (child.stdio ?? []).map((stream, descriptor) => pipes.get(descriptor)?.ours ?? stream)
    for (const [descriptor, stream] of streams.entries()) {
      stream?.on("error", () => {})
      // When a child ends, node throws away what it wrote into a socket, unless somebody is about to read it.
      if (description.descriptors[descriptor] === "fromChild") stream?.on("readable", () => {})
    }
    child.on("error", (cause) => {
      // A signal that may not be sent is an error too.
      if (child.pid === undefined) fail(errnoOf(cause))
    })
    child.once("exit", (code, signal) =>
      Deferred.doneUnsafe(
        ending,
        Effect.succeed(signal === null ? { _tag: "Exited", exitCode: code ?? 111 } : { _tag: "Killed", signal })
      )
    )
    if (child.pid === undefined) return
    resume(Effect.succeed(handle(child, streams, Deferred.await(ending), description.ownGroup === true)))
  })

const start = (description: ChildDescription, pipes: PipeMap): ChildProcess => {
  const { arguments: args, environment, program } = bytesKept(description)
  // To the system a file without a name is not there; node would call it a wrong argument.
  if (description.program === "") throw Object.assign(new Error(), { code: "ENOENT" })
  return spawnChild(toText(program), args.map(toText), {
    env: Object.fromEntries(Object.entries(environment).map(([name, value]) => [toText(name), toText(value)])),
    stdio: description.descriptors.map((d, descriptor) =>
      typeof d === "number" || d === "ignore" ? d : (pipes.get(descriptor)?.childs ?? "pipe")
    ) as StdioOptions,
    ...(description.directory !== undefined && { cwd: toText(description.directory) }),
    ...(description.uid !== undefined && { uid: description.uid }),
    ...(description.gid !== undefined && { gid: description.gid }),
    ...(description.ownGroup === true && { detached: true })
  })
}

const errnoOf = (cause: unknown): Errno => (cause as NodeJS.ErrnoException).code ?? "EIO"

type Streams = ReadonlyArray<Readable | Writable | null | undefined>

const handle = (child: ChildProcess, streams: Streams, ending: Effect.Effect<Ending>, isLeader: boolean): Child => ({
  pid: child.pid!,
  ending,
  write: (descriptor, bytes) =>
    Effect.callback((resume) => {
      const stream = streams[descriptor] as Writable
      if (stream.destroyed || stream.writableEnded) return resume(Effect.succeed(false))
      stream.write(bytes, (error) => resume(Effect.succeed(error === undefined || error === null)))
    }),
  end: (descriptor) =>
    Effect.callback((resume) => {
      const stream = streams[descriptor] as Writable
      if (stream.destroyed || stream.writableEnded) return resume(Effect.void)
      stream.end(() => resume(Effect.void))
    }),
  read: (descriptor) => nextPiece(streams[descriptor] as Readable),
  close: (descriptor) => Effect.sync(() => streams[descriptor]?.destroy()),
  kill: (signal) =>
    Effect.sync(() => {
      if (!isLeader) return void child.kill(signal)
      try {
        process.kill(-child.pid!, signal)
      } catch {
        // All of them are gone.
      }
    })
})

const nextPiece = (stream: Readable): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    const stop = (): void => {
      stream.off("readable", attempt)
      stream.off("end", attempt)
      stream.off("close", attempt)
    }
    const attempt = (): boolean => {
      const piece = stream.read() as Uint8Array | null
      if (piece === null && !stream.readableEnded && !stream.destroyed) return false
      stop()
      resume(Effect.succeed(piece ?? new Uint8Array(0)))
      return true
    }
    if (attempt()) return
    stream.on("readable", attempt)
    stream.on("end", attempt)
    stream.on("close", attempt)
    return Effect.sync(stop)
  })

const isUtf8 = (text: ByteString): boolean => !/[\x80-\xff]/.test(text) || toText(text) !== text

/**
 * Node encodes arguments and environment as UTF-8. Where the bytes are no UTF-8, /bin/sh writes them with printf
 * (in octal, so that nothing in them is ever a command) and replaces itself by the program.
 */
export const bytesKept = (description: ProgramImage): ProgramImage => {
  const { arguments: args, environment, program } = description
  const odd = Object.entries(environment).filter(([name, value]) => !isUtf8(name) || !isUtf8(value))
  if (isUtf8(program) && args.every(isUtf8) && odd.length === 0) return description
  const octal = (text: ByteString): string =>
    `$(printf '${[...text].map((c) => "\\" + c.charCodeAt(0).toString(8).padStart(3, "0")).join("")}_')`
  const script = [
    ...odd
      .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      .map(([name, value]) => `V="${octal(value)}"; ${name}="\${V%_}"; export ${name}`),
    "set --",
    ...[program, ...args].map((text) => `V="${octal(text)}"; set -- "$@" "\${V%_}"`),
    "unset V",
    'exec "$@"'
  ].join("\n")
  return {
    program: "/bin/sh",
    arguments: ["-c", script],
    environment: Object.fromEntries(
      Object.entries(environment).filter(([name, value]) => isUtf8(name) && isUtf8(value))
    )
  }
}
