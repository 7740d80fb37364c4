/** The real services of a program in its home. A home that cannot be read ends the program. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { exitTemporary, systemText } from "../../core/Outcome.ts"
import { Accounts } from "../home/Accounts.ts"
import { Controls } from "../home/Controls.ts"
import { Files, type FilesError } from "../platform/Files.ts"
import { Home, type HomeError } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"
import { QueueClient } from "../queue/QueueClient.ts"

const inHome = Controls.layer.pipe(Layer.provideMerge(Home.layer), Layer.provideMerge(Identity.layer))

/** For `Main.runSync`: one job, every call blocks. */
export const oneShot = <A>(program: Effect.Effect<A, Fatal, Controls | Files | Home | Identity>) =>
  explained(Effect.provide(program, inHome.pipe(Layer.provideMerge(Files.layerSync))))

/** For `Main.run`: also children, and the system's accounts. */
export const waiting = <A>(
  program: Effect.Effect<A, Fatal, Accounts | Controls | Files | Home | Identity | Processes>
) =>
  explained(
    Effect.provide(
      program,
      Accounts.layer.pipe(Layer.provideMerge(inHome), Layer.provideMerge(Layer.mergeAll(Files.layer, Processes.layer)))
    )
  )

/** For `Main.run`: descriptors in, one message to qmail-queue out. */
export const submitting = <A>(
  program: Effect.Effect<A, Fatal, Controls | Files | Home | Identity | Processes | QueueClient>
) =>
  explained(
    Effect.provide(
      program,
      QueueClient.layerProcess.pipe(
        Layer.provideMerge(inHome),
        Layer.provideMerge(Layer.mergeAll(Files.layerSync, Processes.layer))
      )
    )
  )

const withChildren = (files: Layer.Layer<Files>) =>
  Layer.mergeAll(Locks.layer, QueueClient.layerProcess).pipe(
    Layer.provideMerge(inHome),
    Layer.provideMerge(Layer.mergeAll(files, Processes.layer))
  )

/** For `Main.run`: also children, locks and the queue; calls on files block. */
export const delivering = <A>(
  program: Effect.Effect<A, Fatal, Controls | Files | Home | Identity | Locks | Processes | QueueClient>
) => explained(Effect.provide(program, withChildren(Files.layerSync)))

/** For `Main.run`: the same for a program that does many things at once; calls on files run in the thread pool. */
export const sending = <A>(
  program: Effect.Effect<A, Fatal, Controls | Files | Home | Identity | Locks | Processes | QueueClient>
) => explained(Effect.provide(program, withChildren(Files.layer)))

/** For programs that work wherever they are, without reading a home. */
export const homeless = <A>(program: Effect.Effect<A, Fatal, Files | Identity | Processes>) =>
  Effect.provide(program, Layer.mergeAll(Files.layer, Identity.layer, Processes.layer))

const explained = <A>(program: Effect.Effect<A, Fatal | FilesError | HomeError>): Effect.Effect<A, Fatal> =>
  program.pipe(
    Effect.catchTags({
      HomeError: ({ file, reason }) => fatal(`unable to read ${file}: ${reason}`),
      FilesError: ({ errno, path }) => fatal(`unable to read ${path}: ${systemText(errno)}`)
    })
  )

const fatal = (text: string) => Effect.fail(new Fatal({ exitCode: exitTemporary, text }))
