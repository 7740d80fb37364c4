/** qmail-clean(8): removes files of the queue on request. */
import * as Effect from "effect/Effect"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import * as QueueCleaner from "../shell/QueueCleaner.ts"
import * as QueueStore from "../shell/QueueStore.ts"

Main.runSync("qmail-clean", Live.oneShot(Effect.provide(QueueCleaner.serve, QueueStore.QueueStore.layer)))
