/** sendmail(8): takes mail from programs that know no other way. Also called as mailq and newaliases. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { sendmail } from "../shell/programs/SendmailFront.ts"

Main.runSync("sendmail", Live.oneShot(sendmail))
