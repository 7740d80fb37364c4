/** forward: sends the message on to the addresses given as arguments. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { forward } from "../shell/programs/Forwarding.ts"

Main.run("forward", Live.submitting(forward))
