import assert from 'node:assert/strict'
import { el, Kit } from '../../test/kit.js'
import { elements } from '../xml/index.js'
import { ping } from './ping.js'

describe('ping', () => {
  const question = el`<ping xmlns='urn:xmpp:ping'/>`

  for (const to of ['verona.example', 'romeo@verona.example', undefined]) {
    it(`is answered by ${to ?? 'whoever answers for a client that names nobody'}`, async () => {
      const kit = await Kit.start({ modules: [ping] })
      const romeo = await kit.connects('romeo/balcony')

      const pong = await romeo.asks('get', question, to)

      assert.equal(pong.attrs.type, 'result')
      assert.deepEqual(elements(pong), [])
    })
  }

  it('does not tell who else has an account', async () => {
    const kit = await Kit.start({ modules: [ping] })
    const romeo = await kit.connects('romeo/balcony')

    const juliet = await romeo.asks('get', question, 'juliet@verona.example')
    const rosaline = await romeo.asks('get', question, 'rosaline@verona.example')

    assert.equal(`${elements(juliet).at(-1)}`, `${elements(rosaline).at(-1)}`)
  })

  it('goes to the client whose full JID it names', async () => {
    const kit = await Kit.start({ modules: [ping] })
    const romeo = await kit.connects('romeo/balcony')
    const juliet = await kit.connects('juliet/chamber')

    await romeo.sends(el`<iq type='get' id='p1' to='juliet@verona.example/chamber'><ping xmlns='urn:xmpp:ping'/></iq>`)

    assert.equal(juliet.takes().attrs.id, 'p1')
  })
})
