/** preline: puts the usual lines before the message and pipes it to a command. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { preline } from "../shell/programs/Preline.ts"

Main.run("preline", Live.submitting(preline))
