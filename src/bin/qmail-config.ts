/** qmail-config: writes the first control files from one name, or from what the DNS knows about this host. */
import { qmailConfig } from "../shell/programs/FirstConfiguration.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("qmail-config", Live.waiting(qmailConfig))
