/** qmail-config: writes the first control files from one name, or from what the DNS knows about this host. */
import { qmailConfig } from "../shell/FirstConfiguration.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.run("qmail-config", Live.waiting(qmailConfig))
