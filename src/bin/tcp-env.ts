/** tcp-env: tells a program who is connected to it, in variables. */
import * as Main from "../shell/platform/Main.ts"
import { program } from "../shell/programs/TcpEnv.ts"

Main.run("tcp-env", program)
