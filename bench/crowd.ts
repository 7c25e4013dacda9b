/**
 * Many sessions at a time, or one after the other: a process of its own that does a `Task` for each message and answers
 * with what it came to.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { enter, leave, type Member, resume, type Venue } from './member.js'
import type { Account } from './session.js'

export type Task =
  /** Before all else. */
  | { readonly do: 'prepare'; readonly venue: Venue; readonly accounts: readonly Account[] }
  /** So many more sessions, one for each account. */
  | { readonly do: 'enter'; readonly count: number }
  /** Nothing, for so long. */
  | { readonly do: 'wait'; readonly seconds: number }
  /** Everybody goes, half of them without a word. */
  | { readonly do: 'leave' }
  /** So many logins, each followed by its end: a proper one and a cut connection in turn. */
  | { readonly do: 'come and go'; readonly count: number }

export interface Outcome {
  readonly seconds: number
  readonly sessions: number
  /** Sessions that the server ended. */
  readonly closed: number
}

let venue: Venue = { port: 0, tlsPort: 0, security: 'plain', managed: false }
let accounts: readonly Account[] = []
let members: Member[] = []
let turn = 0
let closed = 0

const perform = async (task: Task): Promise<void> => {
  switch (task.do) {
    case 'prepare':
      venue = task.venue
      accounts = task.accounts
      return
    case 'enter':
      return severally(task.count, async () => {
        const member = await enter(venue, nextAccount())
        member.wire.socket.once('close', countClosed)
        members.push(member)
      })
    case 'wait':
      return sleep(task.seconds * 1000)
    case 'leave': {
      const all = members
      members = []
      for (const { wire } of all) wire.socket.off('close', countClosed)
      return severally(all.length, async i => depart(all[i], i))
    }
    case 'come and go':
      return severally(task.count, async i => {
        const member = await enter(venue, nextAccount())
        // one that may be resumed is: it would wait for that otherwise
        if (i % 2 === 1 && member.id !== undefined) await leave(await resume(venue, member))
        else await depart(member, i)
      })
  }
}

const depart = async (member: Member | undefined, i: number): Promise<void> => {
  if (!member) return
  if (i % 2 === 0 || member.id !== undefined) await leave(member)
  else member.wire.socket.destroy()
}

const countClosed = (): void => {
  closed++
}

const nextAccount = (): Account => {
  const account = accounts[turn++ % accounts.length]
  if (!account) throw new Error('no accounts')
  return account
}

/** All of it, a few at a time. */
const severally = async (count: number, work: (i: number) => Promise<void>): Promise<void> => {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(count, AT_ONCE) }, worker))
}

const AT_ONCE = 32

process.on('message', async (task: Task) => {
  const from = performance.now()
  try {
    await perform(task)
    const seconds = (performance.now() - from) / 1000
    await sleep(SETTLING_MS) // what was cut is noticed a little later
    process.send?.({ seconds, sessions: members.length, closed } satisfies Outcome)
  } catch (error) {
    console.error(error)
    process.exit(1)
  }
})

const SETTLING_MS = 200
