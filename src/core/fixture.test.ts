import { el, settled } from '../../test/kit.js'
import { child, type Element } from '../xml/index.js'
import type { Awaitable } from './awaitable.js'
import { type Log, silentLog } from './log.js'
import { type AnyModule, type Behaviour, defineModule, TAKEN } from './module.js'

/** A module that does just this. */
export const module = (name: string, behaviour: Behaviour = {}): AnyModule =>
  defineModule({ name, doc: `What ${name} is for.`, implements: [], setup: () => behaviour })

/** Knows which sessions are available, and tells nobody. */
export const availability = module('availability', {
  hooks: {
    fromClient: {
      record({ stanza, session }) {
        if (stanza.kind !== 'presence' || stanza.to) return
        const priority = Number(child(stanza.el, 'priority')?.getText() ?? 0)
        session.presence = stanza.type === 'available' ? { stanza, priority } : undefined
        return TAKEN
      },
    },
  },
})

/** A first presence. */
export const at = (priority: number): Element => el`<presence><priority>${priority}</priority></presence>`

/** A log that remembers the errors: `a module failed: ping bound`. */
export function logTo(lines: string[]): Log {
  const error = (facts: object, text: string) => {
    const { module, where, stage, err } = { module: '', where: '', stage: '', err: '', ...facts }
    lines.push([`${text}:`, module, where || stage || err].filter(part => part !== '').join(' '))
  }
  return { ...silentLog, error, child: () => logTo(lines) }
}

/** What is waited for until somebody lets it go on. */
export class Gates {
  readonly #closed: (() => void)[] = []

  /** Now, or when it is let go on. */
  wait<T>(value: T, waits: boolean): Awaitable<T> {
    return waits ? new Promise(resolve => this.#closed.push(() => resolve(value))) : value
  }

  /** Lets one of those that wait go on. */
  open(which = 0): void {
    this.#closed.splice(which % Math.max(1, this.#closed.length), 1)[0]?.()
  }

  async openAll(): Promise<void> {
    do {
      this.open()
      await settled()
    } while (this.#closed.length > 0)
  }
}
