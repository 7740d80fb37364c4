/** dnsip host: prints its IPv4 addresses. */
import * as Main from "../shell/platform/Main.ts"
import * as DnsPrograms from "../shell/programs/DnsPrograms.ts"

Main.run("dnsip", DnsPrograms.ip)
