/** forward: sends the message on to the addresses given as arguments. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { forward } from "../shell/Forwarding.ts"

Main.run("forward", Live.submitting(forward))
