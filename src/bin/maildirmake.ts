/** maildirmake: makes a Maildir. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { maildirmake } from "../shell/programs/MaildirSetup.ts"

Main.runSync("maildirmake", Live.oneShot(maildirmake))
