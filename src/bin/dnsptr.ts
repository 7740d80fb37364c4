/** dnsptr address: prints its name. */
import * as Main from "../shell/Main.ts"
import * as DnsPrograms from "../shell/DnsPrograms.ts"

Main.run("dnsptr", DnsPrograms.ptr)
