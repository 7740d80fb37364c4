/** maildirwatch: shows new mail as it comes. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { maildirwatch } from "../shell/MaildirWatcher.ts"

Main.run("maildirwatch", Live.delivering(maildirwatch))
