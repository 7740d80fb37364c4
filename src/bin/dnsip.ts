/** dnsip host: prints its IPv4 addresses. */
import * as Main from "../shell/Main.ts"
import * as DnsPrograms from "../shell/DnsPrograms.ts"

Main.run("dnsip", DnsPrograms.ip)
