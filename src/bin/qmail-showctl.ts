/** qmail-showctl: says what the control files mean. */
import { show } from "../shell/ControlListing.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.run("qmail-showctl", Live.waiting(show))
