/** predate(1): runs a program with a Date field in local time before its input. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { predate } from "../shell/programs/DatePrefix.ts"

Main.run("predate", Live.waiting(predate))
