/** qmail-rspawn(8): runs qmail-remote for qmail-send. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import * as SpawnDaemon from "../shell/SpawnDaemon.ts"

Main.run("qmail-rspawn", Live.waiting(SpawnDaemon.remote))
