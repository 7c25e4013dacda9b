import assert from 'node:assert/strict'
import { LocalBus, Topic } from './bus.js'

describe('the bus of one process', () => {
  const banished = new Topic<string>('banished')
  let bus: LocalBus
  let heard: string[]
  const note = (who: string) => (news: string) => void heard.push(`${who}: ${news}`)

  beforeEach(() => {
    bus = new LocalBus()
    heard = []
  })

  it('tells all who subscribed to a topic, at once and in their order', () => {
    bus.subscribe(banished, note('Juliet'))
    bus.subscribe(banished, note('the friar'))

    bus.publish(banished, 'Romeo')

    assert.deepEqual(heard, ['Juliet: Romeo', 'the friar: Romeo'])
  })

  it('tells nobody of other topics, though they have the same name', () => {
    bus.subscribe(new Topic<string>('banished'), note('Juliet'))

    bus.publish(banished, 'Romeo')

    assert.deepEqual(heard, [])
  })

  it('tells nothing to who has left', () => {
    const leave = bus.subscribe(banished, note('Juliet'))
    bus.subscribe(banished, note('the friar'))
    leave()
    leave()

    bus.publish(banished, 'Romeo')

    assert.deepEqual(heard, ['the friar: Romeo'])
  })

  it('counts who subscribes twice as two, who leave one by one', () => {
    const hear = note('Juliet')
    const leave = bus.subscribe(banished, hear)
    bus.subscribe(banished, hear)

    bus.publish(banished, 'Romeo')
    leave()
    bus.publish(banished, 'Tybalt')

    assert.deepEqual(heard, ['Juliet: Romeo', 'Juliet: Romeo', 'Juliet: Tybalt'])
  })

  it('does not tell of the news during which somebody subscribed', () => {
    bus.subscribe(banished, () => bus.subscribe(banished, note('late')))

    bus.publish(banished, 'Romeo')
    assert.deepEqual(heard, [])
    bus.publish(banished, 'Tybalt')
    assert.deepEqual(heard, ['late: Tybalt'])
  })

  it('tells all the others too when one of them fails, and whoever told learns of it', () => {
    const fault = new Error('a bug')
    bus.subscribe(banished, () => {
      throw fault
    })
    bus.subscribe(banished, note('the friar'))

    assert.throws(() => bus.publish(banished, 'Romeo'), { name: 'AggregateError', errors: [fault] })
    assert.deepEqual(heard, ['the friar: Romeo'])
  })

  it('tells of one thing within another', () => {
    bus.subscribe(banished, news => {
      if (news === 'Romeo') bus.publish(banished, 'Tybalt')
    })
    bus.subscribe(banished, note('the friar'))

    bus.publish(banished, 'Romeo')

    assert.deepEqual(heard, ['the friar: Tybalt', 'the friar: Romeo'])
  })
})
