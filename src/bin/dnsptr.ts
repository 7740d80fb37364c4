/** dnsptr address: prints its name. */
import * as Main from "../shell/platform/Main.ts"
import * as DnsPrograms from "../shell/programs/DnsPrograms.ts"

Main.run("dnsptr", DnsPrograms.ptr)
