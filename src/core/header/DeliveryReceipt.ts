/**
 * Does this message ask for a receipt, and what does the receipt say?
 *
 * Who puts an address into Notice-Requested-Upon-Delivery-To is told when mail for it has been delivered. The address
 * must be the same byte for byte. (qreceipt.c)
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type Address, doubleBounceSender, nobody } from "../address/Address.ts"
import * as AddressQuoting from "../address/AddressQuoting.ts"
import type { ByteString } from "../Bytes.ts"
import { type Envelope, refusal } from "../envelope/Envelope.ts"
import * as HeaderAddresses from "./HeaderAddresses.ts"
import * as HeaderField from "./HeaderField.ts"
import * as HeaderTokens from "./HeaderTokens.ts"

export interface Receipt {
  readonly message: ByteString
  readonly envelope: Envelope
}

/** A field that asks, and is no address list. */
export interface Refusal {
  readonly field: ByteString
}

/**
 * `deliveredTo` is the address to which the message has been delivered, `sender` that of its envelope. In our homes a
 * sender with a control character gets none: it would write lines of its own into the receipt.
 */
export const receiptFor = (
  fields: ReadonlyArray<ByteString>,
  deliveredTo: Address,
  sender: Address,
  classic: boolean
): Result.Result<Option.Option<Receipt>, Refusal> => {
  let asked = false
  for (const field of fields.filter(named("notice-requested-upon-delivery-to"))) {
    const addresses = addressesOf(field)
    if (addresses === undefined) return Result.fail({ field })
    asked ||= addresses.includes(deliveredTo)
  }
  if (!asked || sender === nobody || sender === doubleBounceSender) return Result.succeed(Option.none())
  if (refusal({ sender: nobody, recipients: [sender] }, classic) !== undefined) return Result.succeed(Option.none())
  const messageId = fields.findLast(named("message-id"))
  return Result.succeed(
    Option.some({
      message: text(deliveredTo, AddressQuoting.quote2(sender), messageId === undefined ? "" : `Your ${messageId}`),
      envelope: { sender: nobody, recipients: [sender] }
    })
  )
}

const named =
  (name: HeaderField.FieldName) =>
  (field: ByteString): boolean =>
    HeaderField.known(field) === name

const addressesOf = (field: ByteString): ReadonlyArray<Address> | undefined =>
  Result.match(HeaderTokens.scan(field), {
    onFailure: () => undefined,
    onSuccess: (row) => {
      const { addresses, complete } = HeaderAddresses.parse(row, nameTokens)
      return complete ? addresses : undefined
    }
  })

/** The field's name and its colon. */
const nameTokens = 2

const text = (deliveredTo: Address, to: ByteString, messageId: ByteString): ByteString =>
  `From: DELIVERY NOTICE SYSTEM <${to}>
To: <${to}>
Subject: success notice

Hi! This is the qreceipt program. Your message was delivered to the
following address: ${deliveredTo}. Thanks for asking.
${messageId}`
