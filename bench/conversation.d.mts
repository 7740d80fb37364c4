/** One SMTP conversation as a client: a command out, its reply in. */
export class Conversation {
  /** Resolves when the server has said 220. */
  static open(port: number, from?: { readonly host?: string; readonly localAddress?: string }): Promise<Conversation>
  /** Sends bytes; gives the last line of the next reply. */
  say(bytes: string | Uint8Array): Promise<string>
  reply(): Promise<string>
  /** Waits for a reply with this code; any other is an error that quotes it. */
  expect(code: string, bytes?: string | Uint8Array): Promise<string>
  close(): void
}
