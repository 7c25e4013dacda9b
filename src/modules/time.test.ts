import assert from 'node:assert/strict'
import { el, Kit } from '../../test/kit.js'
import { firstElement } from '../xml/index.js'
import { time } from './time.js'

describe('time', () => {
  it('tells the time in UTC', async () => {
    const kit = await Kit.start({ modules: [time] })
    const romeo = await kit.connects('romeo')
    await kit.clock.pass(1500)

    const reply = await romeo.asks('get', el`<time xmlns='urn:xmpp:time'/>`, 'verona.example')

    assert.equal(
      `${firstElement(reply)}`,
      '<time xmlns="urn:xmpp:time"><tzo>+00:00</tzo><utc>1595-07-01T00:00:01.500Z</utc></time>',
    )
  })
})
