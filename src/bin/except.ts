/** except: turns the answer of a program round. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { except } from "../shell/Asking.ts"

Main.run("except", Live.submitting(except))
