/** qreceipt(1): answers a message that asks to be told of its delivery. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { sendReceipt } from "../shell/programs/ReceiptSender.ts"

Main.run("qreceipt", Live.submitting(sendReceipt))
