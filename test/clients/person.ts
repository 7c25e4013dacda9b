/** Somebody at a client, whatever program that is: what the scenes let them do and what they notice. */
export interface Person {
  readonly name: string
  readonly jid: string
  /** Name and version of the client. */
  readonly program: string
  goesOnline(): Promise<void>
  goesOffline(): Promise<void>
  setsStatus(show: 'online' | 'away', text?: string): Promise<void>
  asksFor(contact: Person): Promise<void>
  /** Waits to be asked, then agrees. */
  approves(contact: Person): Promise<void>
  /** Waits for a presence of the contact that says this, passing over others. */
  sees(contact: Person, state: Visible): Promise<void>
  says(contact: Person, body: string): Promise<void>
  /** The next message of the contact that was not heard yet. */
  hears(contact: Person): Promise<Heard>
  /** Waits for the error that answers a message to the contact, and gives its wording or condition. */
  isRefusedBy(contact: Person): Promise<string>
  blocks(contact: Person): Promise<void>
  unblocks(contact: Person): Promise<void>
  /** What arrived from any of these and was not heard yet: nothing, if the scene told the whole story. */
  unheard(contacts: readonly Person[]): Promise<readonly string[]>
  /** Ends the program. */
  leaves(): Promise<void>
}

export type Visible = 'online' | 'offline' | `away (${string})`

export interface Heard {
  readonly body: string
  /** When it was sent, if the server said that it had to wait (XEP-0203). */
  readonly sentAt: Date | undefined
}

export interface Account {
  readonly name: string
  readonly jid: string
  readonly password: string
  /** PEM files to log in with, for clients that can. */
  readonly shows?: { readonly certificate: string; readonly key: string }
}
