/** mailsubj(1): mails what it reads, with a subject, to the recipients named. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { mailsubj } from "../shell/programs/SubjectMail.ts"

Main.run("qmail-inject", Live.submitting(mailsubj))
