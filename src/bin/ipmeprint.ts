/** ipmeprint: prints the IPv4 addresses of this host. */
import * as Main from "../shell/platform/Main.ts"
import * as HostPrograms from "../shell/programs/HostPrograms.ts"

Main.runSync("ipmeprint", HostPrograms.addresses)
