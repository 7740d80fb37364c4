/** qmail-inject(8): completes the header of a message and queues it. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { inject } from "../shell/Submitter.ts"

Main.run("qmail-inject", Live.submitting(inject))
