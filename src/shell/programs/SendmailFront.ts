/** Does what sendmail was told: becomes one of the programs in bin/. */
import * as Effect from "effect/Effect"
import { toChunk } from "../../core/Bytes.ts"
import * as SendmailOrder from "../../core/header/SendmailOrder.ts"
import { exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import * as Successor from "../platform/Successor.ts"

export const sendmail = Effect.gen(function* () {
  const { arguments: args, environment, program } = yield* Identity
  const { path, record } = yield* Home
  const files = yield* Files
  const isHome = yield* files.stat(path).pipe(
    Effect.map(({ kind }) => kind === "directory"),
    Effect.orElseSucceed(() => false)
  )
  if (!isHome) return yield* fatal("unable to switch to qmail home directory")
  const order = SendmailOrder.parse(program, args, environment, record.classic)
  switch (order._tag) {
    case "Run":
      return yield* Successor.become({ ...order, program: `${path}/bin/${order.program}`, directory: path }).pipe(
        Effect.catchTag("ProcessesError", () => fatal(`unable to run ${order.program}`))
      )
    case "Say":
      yield* Effect.ignore(files.write(1, toChunk(order.text)))
      return exitSuccess
    case "Refuse":
      yield* Effect.ignore(files.write(2, toChunk(order.complaint)))
      return order.exitCode
  }
})

const fatal = (text: string) => Effect.fail(new Fatal({ exitCode: exitTemporary, text }))
