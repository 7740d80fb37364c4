/** dnscname host: prints the name that it is an alias of. */
import * as Main from "../shell/Main.ts"
import * as DnsPrograms from "../shell/DnsPrograms.ts"

Main.run("dnscname", DnsPrograms.cname)
