/** qmail-inject(8): completes the header of a message and queues it. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { inject } from "../shell/programs/Submitter.ts"

Main.run("qmail-inject", Live.submitting(inject))
