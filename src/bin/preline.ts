/** preline: puts the usual lines before the message and pipes it to a command. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { preline } from "../shell/Preline.ts"

Main.run("preline", Live.submitting(preline))
