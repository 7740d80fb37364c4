/** Performs DropSubmission: qmail-queue of an account that does not own the home leaves its message in `drop`. */
import * as Effect from "effect/Effect"
import { randomBytes } from "node:crypto"
import type { ByteString } from "../../core/Bytes.ts"
import { settings } from "../../core/control/Settings.ts"
import * as DropName from "../../core/queue/DropName.ts"
import * as DropSubmission from "../../core/queue/DropSubmission.ts"
import { Controls } from "../home/Controls.ts"
import * as Drive from "../platform/Drive.ts"
import { type FileCalls, Files, type FilesError, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import * as QueueTrigger from "./QueueTrigger.ts"

/** What one account may have waiting. */
export const limits = Effect.gen(function* () {
  const controls = yield* Controls
  return {
    messages: yield* controls.integer(settings.dropmessages),
    bytes: yield* controls.integer(settings.dropbytes)
  }
})

/** Undefined: nothing can be left there. */
export const make = Effect.fn("DropSubmitter.make")(function* (uid: number, ownerUid: number) {
  const files = yield* Files
  const { path } = yield* Home
  const drop = `${path}/${DropName.directory}`
  const place = yield* Effect.option(files.lstat(drop))
  if (place._tag === "None" || !DropSubmission.isUsable(place.value, ownerUid)) return undefined
  const id = randomBytes(16).toString("hex")
  return new Submission({ files, drop, gid: place.value.gid }, { uid, id, limits: yield* limits })
})

interface Place {
  readonly files: FileCalls
  readonly drop: ByteString
  /** What is left there belongs to this group, or the owner of the home could not read it. */
  readonly gid: number
}

export class Submission {
  state: DropSubmission.State
  readonly #place: Place
  readonly #uid: number
  #commands: ReadonlyArray<DropSubmission.Command>
  #fd: number | undefined

  /** Nothing is on disk until `begin`. */
  constructor(place: Place, birth: DropSubmission.Birth) {
    this.#place = place
    this.#uid = birth.uid
    const { commands, state } = DropSubmission.initial(birth)
    this.state = state
    this.#commands = commands
  }

  get isOver(): boolean {
    return DropSubmission.isOver(this.state)
  }

  readonly begin: Effect.Effect<void> = Effect.suspend(() => this.#perform(this.#commands))

  readonly tell = (event: DropSubmission.Event): Effect.Effect<void> =>
    Effect.suspend(() => (this.isOver ? Effect.void : this.#perform(this.#decide(event))))

  #decide(event: DropSubmission.Event): ReadonlyArray<DropSubmission.Command> {
    const { commands, state } = DropSubmission.decide(this.state, event)
    this.state = state
    return commands
  }

  #perform(commands: ReadonlyArray<DropSubmission.Command>): Effect.Effect<void> {
    return Effect.andThen(
      Drive.perform(
        commands,
        (command) => this.#command(command),
        (event) => this.#decide(event)
      ),
      Effect.suspend(() => (this.isOver ? this.#close : Effect.void))
    )
  }

  #command(command: DropSubmission.Command): Effect.Effect<DropSubmission.Event | undefined, FilesError> {
    const { drop, files } = this.#place
    switch (command._tag) {
      case "Create":
        return Effect.as(this.#create(`${drop}/${command.name}`), { _tag: "Created" })
      case "Write":
        return Effect.as(files.write(this.#fd!, command.bytes), { _tag: "Written" })
      case "Sync":
        return Effect.as(files.fsync(this.#fd!), { _tag: "Synced" })
      case "Count":
        return Effect.map(this.#count, (own) => ({ _tag: "Counted", ...own }))
      case "Rename":
        return Effect.as(files.rename(`${drop}/${command.from}`, `${drop}/${command.to}`), { _tag: "Named" })
      case "SyncDirectory":
        return Effect.as(files.syncDirectory(drop), { _tag: "NameSynced" })
      case "Forget":
        return Effect.as(Effect.ignore(files.unlink(`${drop}/${command.name}`)), undefined)
      case "PullTrigger":
        return Effect.as(
          QueueTrigger.pullFifo(files, `${drop.slice(0, -DropName.directory.length)}${DropName.trigger}`),
          undefined
        )
    }
  }

  /** Nobody else can open it before its group is known to be the right one. */
  #create(path: ByteString): Effect.Effect<void, FilesError> {
    const { files, gid } = this.#place
    return Effect.gen({ self: this }, function* () {
      const fd = (this.#fd = yield* files.open(path, "create", 0o600))
      const dressed = Effect.gen(function* () {
        if ((yield* files.fstat(fd)).gid !== gid) yield* files.fchown(fd, -1, gid)
        yield* files.fchmod(fd, DropName.mode)
      })
      yield* Effect.tapError(dressed, () => Effect.ignore(files.unlink(path)))
    })
  }

  readonly #count = Effect.suspend(() => {
    const { drop, files } = this.#place
    return Effect.gen({ self: this }, function* () {
      let [messages, bytes] = [0, 0]
      for (const name of yield* files.list(drop)) {
        if (DropName.parseName(name)?.uid !== this.#uid) continue
        const stat = yield* orIfAbsent(files.lstat(`${drop}/${name}`), () => undefined)
        if (stat?.uid !== this.#uid) continue
        messages++
        bytes += stat.bytes
      }
      return { messages, bytes }
    })
  })

  readonly #close: Effect.Effect<void> = Effect.suspend(() => {
    const fd = this.#fd
    this.#fd = undefined
    return fd === undefined ? Effect.void : Effect.ignore(this.#place.files.close(fd))
  })
}
