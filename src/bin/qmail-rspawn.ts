/** qmail-rspawn(8): runs qmail-remote for qmail-send. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import * as SpawnDaemon from "../shell/programs/SpawnDaemon.ts"

Main.run("qmail-rspawn", Live.waiting(SpawnDaemon.remote))
