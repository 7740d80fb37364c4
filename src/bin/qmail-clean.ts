/** qmail-clean(8): removes files of the queue on request. */
import * as Effect from "effect/Effect"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import * as QueueCleaner from "../shell/programs/QueueCleaner.ts"
import * as QueueStore from "../shell/queue/QueueStore.ts"

Main.runSync("qmail-clean", Live.oneShot(Effect.provide(QueueCleaner.serve, QueueStore.QueueStore.layer)))
