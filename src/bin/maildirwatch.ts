/** maildirwatch: shows new mail as it comes. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { maildirwatch } from "../shell/programs/MaildirWatcher.ts"

Main.run("maildirwatch", Live.delivering(maildirwatch))
