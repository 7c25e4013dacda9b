/** Who sees whose presence before a script begins (RFC 6121 §3.1). */
import { Client } from './client.js'
import type { Address } from './link.js'
import { logIn, logOut } from './login.js'

/** What two clients, who are online, do. */
export type Act = (one: Client, other: Client) => Promise<void>

/** Clients of the two are online as long as they act; those of the script have nothing to do with it. */
export async function bringTogether(one: Client, other: Client, address: Address, act: Act): Promise<void> {
  const doubleOf = ({ account }: Client) => new Client(account.user, account, address, () => {})
  const [first, second] = [doubleOf(one), doubleOf(other)]
  const both = [first, second]
  try {
    for (const client of both) {
      await logIn(client)
      client.send('<presence/>')
      await client.sync()
    }
    await act(first, second)
    for (const client of both) await client.sync()
    for (const client of both) await logOut(client)
  } finally {
    for (const client of both) client.leave()
  }
}

/** Each sees the presence of the other from then on. */
export const befriend: Act = async (one, other) => {
  await grant(one, other)
  await grant(other, one)
}

/** One sees the presence of the other from then on. */
export const grant: Act = async (one, other) => {
  await request(one, other)
  other.send(`<presence type='subscribed' to='${one.account.jid}'/>`)
  await other.sync()
}

/** One has asked for the presence of the other from then on. */
export const request: Act = async (one, other) => {
  one.send(`<presence type='subscribe' to='${other.account.jid}'/>`)
  await one.sync()
}

/** The client hears of changes from then on (RFC 6121 §2.2). */
export async function askForRoster(client: Client): Promise<void> {
  await client.ask(`<iq type='get' id='the-roster'><query xmlns='jabber:iq:roster'/></iq>`, 'the-roster')
}
