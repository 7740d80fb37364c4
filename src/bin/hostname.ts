/** hostname: prints the name of this host. */
import * as Main from "../shell/platform/Main.ts"
import * as HostPrograms from "../shell/programs/HostPrograms.ts"

Main.runSync("hostname", HostPrograms.hostname)
