/** Two people who chat while others attack: nothing of theirs may be lost, late, doubled or theirs to notice. */
import { type MakeAccount, newAccount } from '../wire/accounts.js'
import { Client } from '../wire/client.js'
import type { Address } from '../wire/link.js'
import { logIn } from '../wire/login.js'
import { parseElements } from '../wire/xml.js'

export class Canary {
  readonly #pair: readonly [Client, Client]
  #songs = 0

  private constructor(pair: readonly [Client, Client]) {
    this.#pair = pair
  }

  static async hatch(address: Address, make: MakeAccount): Promise<Canary> {
    const bird = async (name: string) => {
      const client = new Client(name, await newAccount(name, address.domain, make), address, () => {})
      await logIn(client, 'cage')
      client.send('<presence/>')
      await client.sync()
      client.forget()
      return client
    }
    return new Canary([await bird('lark'), await bird('nightingale')])
  }

  /** Each writes to the other. Fails unless each gets that, and nothing else since the last time. */
  async sing(): Promise<void> {
    const [lark, nightingale] = this.#pair
    this.#songs++
    for (const [from, to] of [
      [lark, nightingale],
      [nightingale, lark],
    ] as const) {
      const body = `<body>${from.name} ${this.#songs}</body>`
      from.send(`<message type='chat' to='${to.jid}'>${body}</message>`)
      await to.receive(parseElements(`<message type='chat' from='${from.jid}'>${body}</message>`), new Map())
    }
    for (const client of this.#pair) {
      await client.sync()
      const { unread } = client
      if (unread.length > 0) throw new Error(`${client.name} was disturbed: ${JSON.stringify(unread)}`)
    }
  }

  /** Lets pass what came, so that it is no disturbance the next time. */
  async calm(): Promise<void> {
    for (const client of this.#pair) {
      await client.sync()
      client.forget()
    }
  }

  fly(): void {
    for (const client of this.#pair) client.leave()
  }
}
