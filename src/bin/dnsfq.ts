/** dnsfq host: prints its fully qualified name. */
import * as Main from "../shell/platform/Main.ts"
import * as DnsPrograms from "../shell/programs/DnsPrograms.ts"

Main.run("dnsfq", DnsPrograms.fq)
