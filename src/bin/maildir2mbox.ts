/** maildir2mbox: moves the messages of a Maildir to an mbox. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { convert } from "../shell/programs/MaildirConversion.ts"

Main.run("maildir2mbox", Live.delivering(convert))
