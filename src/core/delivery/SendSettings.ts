/** By which settings does qmail-send work? */
import type { ByteString } from "../Bytes.ts"
import type { Channel } from "../route/Channel.ts"
import type { Rules } from "../route/RecipientRoute.ts"
import type { Seconds } from "../Time.ts"

export interface Settings {
  readonly classic: boolean
  readonly split: number
  readonly routes: Rules
  readonly lifetime: Seconds
  /** Deliveries at once, not more than the spawners take. */
  readonly concurrency: Readonly<Record<Channel, number>>
  readonly concurrencyTotal: number | undefined
  readonly concurrencyBounce: number
  /** Recipients of one message that are started before another message gets its turn; 0: all. */
  readonly passQuantum: number
  /** A message whose delivery is still running is not tried again for its other recipients. */
  readonly classicPass: boolean
  readonly syncBounce: boolean
  /** Seconds between looks at the control files; 0: only when told. */
  readonly autoreload: Seconds
  readonly bounce: { readonly from: ByteString; readonly host: ByteString; readonly doubleTo: ByteString }
  /** How long deliveries are waited for after TERM; undefined: as long as they take. */
  readonly patience: Seconds | undefined
}
