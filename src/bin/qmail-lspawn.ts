/** qmail-lspawn(8): runs qmail-local for qmail-send, as the user who controls the address. */
import * as Effect from "effect/Effect"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import * as SpawnDaemon from "../shell/SpawnDaemon.ts"
import { UserDatabase } from "../shell/UserDatabase.ts"

Main.run("qmail-lspawn", Live.waiting(Effect.provide(SpawnDaemon.local, UserDatabase.layerProgram)))
