/** ipmeprint: prints the IPv4 addresses of this host. */
import * as Main from "../shell/Main.ts"
import * as HostPrograms from "../shell/HostPrograms.ts"

Main.runSync("ipmeprint", HostPrograms.addresses)
