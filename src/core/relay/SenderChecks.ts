/** Is this envelope sender refused? Badmailfrom names whole addresses, or domains as `@domain`. (qmail-smtpd.c, bmfcheck) */
import type { Address } from "../address/Address.ts"
import type { ControlSet } from "../control/ControlMap.ts"

export const isRefused = (badmailfrom: ControlSet, sender: Address): boolean => {
  if (badmailfrom.has(sender)) return true
  const at = sender.lastIndexOf("@")
  return at >= 0 && badmailfrom.has(sender.slice(at))
}
