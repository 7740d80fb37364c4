/** hostname: prints the name of this host. */
import * as Main from "../shell/Main.ts"
import * as HostPrograms from "../shell/HostPrograms.ts"

Main.runSync("hostname", HostPrograms.hostname)
