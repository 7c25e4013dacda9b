/** The side of a program in the talk of lines: reads orders, writes answers and happenings. */
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Answer, Arguments, Json, Order, Refusal } from '../protocol.js'

/** The server has said no. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.condition)
  }
}

export type Tell = (event: string, facts?: Arguments) => void

/** What a library lets somebody do: verbs by their names. */
export type Verbs = Readonly<Record<string, (order: Order) => Promise<Json | undefined>>>

/** Serves orders until there are no more; `begin` makes somebody new, who is then asked to log in or to register. */
export async function serve(begin: (tell: Tell) => Verbs): Promise<void> {
  const people = new Map<string, Verbs>()
  write({ who: '', event: 'ready' })
  for await (const line of createInterface({ input: process.stdin })) {
    const order: Order = JSON.parse(line) // the suite writes nothing else
    const tell: Tell = (event, facts = {}) => write({ ...facts, who: order.who, event })
    const person = people.get(order.who) ?? begin(tell)
    people.set(order.who, person)
    // not waited for: others go on meanwhile
    void perform(person, order).then(write)
  }
  await Promise.race([
    Promise.allSettled([...people.values()].map(person => person.logout?.({ number: 0, who: '', do: 'logout' }))),
    new Promise(resolve => setTimeout(resolve, 1000)),
  ])
  process.exit()
}

async function perform(person: Verbs, order: Order): Promise<Answer> {
  const { number } = order
  try {
    const verb = person[order.do]
    if (!verb) throw new Error('there is no such verb')
    return { number, result: (await verb(order)) ?? null }
  } catch (fault) {
    return fault instanceof Refused ? { number, refused: fault.refusal } : { number, fault: describe(fault) }
  }
}

const describe = (fault: unknown) => (fault instanceof Error ? `${fault.stack}` : JSON.stringify(fault))

const write = (fact: object) => void process.stdout.write(`${JSON.stringify(fact)}\n`)

/** A text of the order, or nothing. */
export const text = (order: Order, name: string): string | undefined => {
  const found = order[name]
  return found === undefined || found === null ? undefined : `${found}`
}
