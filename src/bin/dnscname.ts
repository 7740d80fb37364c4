/** dnscname host: prints the name that it is an alias of. */
import * as Main from "../shell/platform/Main.ts"
import * as DnsPrograms from "../shell/programs/DnsPrograms.ts"

Main.run("dnscname", DnsPrograms.cname)
