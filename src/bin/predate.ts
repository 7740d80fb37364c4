/** predate(1): runs a program with a Date field in local time before its input. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { predate } from "../shell/DatePrefix.ts"

Main.run("predate", Live.waiting(predate))
