/** qmail-pop3d: shows a Maildir to a POP3 client, on descriptors 0 and 1. */
import * as Main from "../shell/platform/Main.ts"
import { pop3d as program } from "../shell/programs/Pop3Programs.ts"

Main.run("qmail-pop3d", program)
