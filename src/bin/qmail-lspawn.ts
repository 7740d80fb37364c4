/** qmail-lspawn(8): runs qmail-local for qmail-send, as the user who controls the address. */
import * as Effect from "effect/Effect"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import * as SpawnDaemon from "../shell/programs/SpawnDaemon.ts"
import { UserDatabase } from "../shell/home/UserDatabase.ts"

Main.run("qmail-lspawn", Live.waiting(Effect.provide(SpawnDaemon.local, UserDatabase.layerProgram)))
