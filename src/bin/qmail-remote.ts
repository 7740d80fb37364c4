/** qmail-remote host sender recipient ...: sends the message on descriptor 0 to a host by SMTP. */
import * as Main from "../shell/platform/Main.ts"
import * as RemoteProgram from "../shell/programs/RemoteProgram.ts"

Main.run("qmail-remote", RemoteProgram.run)
