/** datemail(1): sendmail with a Date field in local time. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { datemail } from "../shell/programs/DatePrefix.ts"

Main.run("predate", Live.waiting(datemail))
