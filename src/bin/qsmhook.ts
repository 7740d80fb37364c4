/** qsmhook: pipes a message to a command that was written for sendmail. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { qsmhook } from "../shell/SendmailMailer.ts"

Main.run("qsmhook", Live.submitting(qsmhook))
