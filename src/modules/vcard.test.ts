import assert from 'node:assert/strict'
import { el, Kit, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import { elements, firstElement } from '../xml/index.js'
import { vcard } from './vcard.js'

describe('vcard', () => {
  const question = el`<vCard xmlns='vcard-temp'/>`
  const card = el`<vCard xmlns='vcard-temp' version='3.0'><FN>Romeo &amp; Co</FN> <N><GIVEN/></N><x xmlns='urn:x'>*</x></vCard>`

  async function verona(storage = new MemoryStorage()) {
    const kit = await Kit.start({ modules: [vcard], storage })
    return { storage, romeo: await kit.connects('romeo'), juliet: await kit.connects('juliet') }
  }

  it('comes back as it was published, to its owner and to everybody (§3.1, §3.3)', async () => {
    const { romeo, juliet } = await verona()

    const reply = await romeo.asks('set', card)

    assert.equal(reply.attrs.type, 'result')
    assert.equal(`${firstElement(await romeo.asks('get', question))}`, `${card}`)
    assert.equal(`${firstElement(await juliet.asks('get', question, 'romeo@verona.example'))}`, `${card}`)
  })

  it('replaces the one before', async () => {
    const { romeo } = await verona()
    await romeo.asks('set', card)
    const other = el`<vCard xmlns='vcard-temp'><FN>Romeo Montague</FN></vCard>`

    await romeo.asks('set', other)

    assert.equal(`${firstElement(await romeo.asks('get', question))}`, `${other}`)
  })

  it('is not found by an owner who has none (§3.1), nor after it was emptied', async () => {
    const { romeo } = await verona()

    assert.equal(await romeo.isRefused('get', question), 'item-not-found')
    await romeo.asks('set', card)
    await romeo.asks('set', question)
    assert.equal(await romeo.isRefused('get', question), 'item-not-found')
  })

  it('that is not there does not tell others whether there is an account (§3.3)', async () => {
    const { juliet } = await verona()

    const romeo = await juliet.asks('get', question, 'romeo@verona.example')
    const rosaline = await juliet.asks('get', question, 'rosaline@verona.example')

    assert.equal(await juliet.isRefused('get', question, 'romeo@verona.example'), 'service-unavailable')
    assert.equal(`${elements(romeo).at(-1)}`, `${elements(rosaline).at(-1)}`)
  })

  it('of somebody else cannot be changed (§3.2)', async () => {
    const { romeo, juliet } = await verona()
    await romeo.asks('set', card)

    assert.equal(await juliet.isRefused('set', question, 'romeo@verona.example'), 'forbidden')
    assert.equal(await juliet.isRefused('set', question, 'verona.example'), 'forbidden')
    assert.equal(`${firstElement(await romeo.asks('get', question))}`, `${card}`)
  })

  it('may not be too large', async () => {
    const kit = await Kit.start({ modules: [vcard], settings: { vcard: { maxSize: '100 bytes' } } })
    const romeo = await kit.connects('romeo')
    const large = el`<vCard xmlns='vcard-temp'><FN>${'é'.repeat(50)}</FN></vCard>`

    assert.equal(await romeo.isRefused('set', large), 'policy-violation')
  })

  it('is not confirmed before it is committed', async () => {
    const { romeo, storage } = await verona()
    storage.hold()

    const asked = romeo.sends(el`<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard></iq>`)
    await settled()
    assert.deepEqual(romeo.received, [])
    storage.release()
    await asked

    assert.equal(romeo.takes().attrs.type, 'result')
  })
})
