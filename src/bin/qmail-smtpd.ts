/** qmail-smtpd: receives mail by SMTP on descriptors 0 and 1. */
import * as Main from "../shell/Main.ts"
import { program } from "../shell/SmtpProgram.ts"

Main.run("qmail-smtpd", program)
