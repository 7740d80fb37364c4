/** maildir2mbox: moves the messages of a Maildir to an mbox. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { convert } from "../shell/MaildirConversion.ts"

Main.run("maildir2mbox", Live.delivering(convert))
