/** datemail(1): sendmail with a Date field in local time. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { datemail } from "../shell/DatePrefix.ts"

Main.run("predate", Live.waiting(datemail))
