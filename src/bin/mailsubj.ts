/** mailsubj(1): mails what it reads, with a subject, to the recipients named. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { mailsubj } from "../shell/SubjectMail.ts"

Main.run("qmail-inject", Live.submitting(mailsubj))
