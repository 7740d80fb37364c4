/** qmail-smtpd: receives mail by SMTP on descriptors 0 and 1. */
import * as Main from "../shell/platform/Main.ts"
import { program } from "../shell/programs/SmtpProgram.ts"

Main.run("qmail-smtpd", program)
