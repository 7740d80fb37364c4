/** qsmhook: pipes a message to a command that was written for sendmail. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { qsmhook } from "../shell/programs/SendmailMailer.ts"

Main.run("qsmhook", Live.submitting(qsmhook))
