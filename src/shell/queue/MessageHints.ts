/**
 * What the injecting half of a server knows of a message that it has just queued, for the sending half, which then
 * need not read it again. Only a shortcut: a hint that is missing costs a few system calls.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { MessageNumber } from "../../core/queue/MessageNumber.ts"

export interface Hint {
  /** The content of todo/N. */
  readonly todo: Uint8Array
  /** The size of mess/N. */
  readonly bytes: number
}

export class MessageHints extends Context.Service<
  MessageHints,
  {
    /** Before the trigger is pulled. */
    readonly give: (id: MessageNumber, hint: Hint) => Effect.Effect<void>
    /** A hint is good for one reader. */
    readonly take: (id: MessageNumber) => Hint | undefined
  }
>()("thresher/shell/MessageHints") {
  /** Holds only so many: when sending lags behind, the disk remembers. */
  static readonly layer: Layer.Layer<MessageHints> = Layer.sync(MessageHints, () => {
    const hints = new Map<MessageNumber, Hint>()
    return {
      give: (id, hint) =>
        Effect.sync(() => {
          if (hints.size < hintsMax && hint.todo.length <= todoBytesMax) hints.set(id, hint)
        }),
      take: (id) => {
        const hint = hints.get(id)
        hints.delete(id)
        return hint
      }
    }
  })

  static readonly layerNone: Layer.Layer<MessageHints> = Layer.succeed(MessageHints, {
    give: () => Effect.void,
    take: () => undefined
  })
}

const hintsMax = 1024
const todoBytesMax = 8192
