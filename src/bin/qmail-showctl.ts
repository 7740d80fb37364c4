/** qmail-showctl: says what the control files mean. */
import { show } from "../shell/programs/ControlListing.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("qmail-showctl", Live.waiting(show))
