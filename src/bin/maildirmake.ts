/** maildirmake: makes a Maildir. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { maildirmake } from "../shell/MaildirSetup.ts"

Main.runSync("maildirmake", Live.oneShot(maildirmake))
