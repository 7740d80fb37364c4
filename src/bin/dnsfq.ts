/** dnsfq host: prints its fully qualified name. */
import * as Main from "../shell/Main.ts"
import * as DnsPrograms from "../shell/DnsPrograms.ts"

Main.run("dnsfq", DnsPrograms.fq)
