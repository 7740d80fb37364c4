/** qsmhook: runs a command as sendmail runs its mailers, with the message of descriptor 0. */
import * as Effect from "effect/Effect"
import * as MailerHook from "../../core/command/MailerHook.ts"
import { exitPermanent, exitTemporary, isTemporary } from "../../core/Outcome.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { pipeMessage } from "./Preline.ts"

export const qsmhook = Effect.gen(function* () {
  const { arguments: args, environment } = yield* Identity
  const { DTLINE, HOST, LOCAL, RPLINE, SENDER, UFLINE } = environment
  if (DTLINE === undefined || RPLINE === undefined || UFLINE === undefined) return yield* incorrectUsage
  if (HOST === undefined || LOCAL === undefined || SENDER === undefined) return yield* incorrectUsage
  const hook = MailerHook.parse(args, { sender: SENDER, host: HOST, recipient: LOCAL })
  if (hook === undefined) return yield* incorrectUsage
  const [program, ...others] = hook.words
  const given = { DTLINE, RPLINE, UFLINE }
  const outcome = yield* pipeMessage(program, others, hook.lines.map((name) => given[name]).join(""))
  switch (outcome._tag) {
    case "Exited":
      return outcome.exitCode
    case "Killed":
      return yield* fail(exitTemporary, "temporary problem")
    case "NotRun":
      return yield* isTemporary(outcome.errno)
        ? fail(exitTemporary, "temporary problem")
        : fail(exitPermanent, "command not found")
    case "InputUnreadable":
      return yield* fail(exitTemporary, "unable to read message")
  }
})

const fail = (exitCode: number, text: string) => Effect.fail(new Fatal({ exitCode, text }))

const incorrectUsage = fail(exitPermanent, "incorrect usage")
