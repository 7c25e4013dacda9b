import assert from 'node:assert/strict'
import { type Service, Services } from './services.js'

const service = (more: Partial<Service> = {}): Service => ({ receive() {}, ...more })

describe('services', () => {
  it('own their domains, and give them back', () => {
    const services = new Services()
    const [rooms, others] = [service(), service()]
    const giveBack = services.own('rooms.verona.example', rooms)

    assert.equal(services.find('rooms.verona.example'), rooms)
    assert.equal(services.find('verona.example'), undefined)
    assert.throws(() => services.own('rooms.verona.example', others), /two services own rooms.verona.example/)

    giveBack()
    assert.equal(services.find('rooms.verona.example'), undefined)
    services.own('rooms.verona.example', others)
    giveBack() // of no consequence any more
    assert.equal(services.find('rooms.verona.example'), others)
  })

  it('own what is below their domains only if they say so, and nobody else does', () => {
    const services = new Services()
    const [wide, narrow, inner] = [service({ withSubdomains: true }), service(), service({ withSubdomains: true })]
    services.own('narrow.example', narrow)
    assert.equal(services.find('a.narrow.example'), undefined)

    const giveBack = services.own('wide.example', wide)
    services.own('b.wide.example', narrow)
    const giveInnerBack = services.own('c.wide.example', inner)

    assert.equal(services.find('a.wide.example'), wide)
    assert.equal(services.find('x.y.a.wide.example'), wide)
    assert.equal(services.find('b.wide.example'), narrow)
    assert.equal(services.find('a.b.wide.example'), wide)
    assert.equal(services.find('a.c.wide.example'), inner)
    assert.equal(services.find('mywide.example'), undefined)
    assert.equal(services.find('a.narrow.example'), undefined)
    assert.equal(services.find('example'), undefined)

    giveInnerBack()
    assert.equal(services.find('a.c.wide.example'), wide)
    giveBack()
    giveBack()
    assert.equal(services.find('a.wide.example'), undefined)
  })

  it('are told with their names to who asks what belongs to a domain', () => {
    const services = new Services()
    const item = (jid: string) => (domain: string) => (domain === 'verona.example' ? { jid } : undefined)
    services.own('a.example', service({ item: item('a.example') }))
    services.own('b.example', service())
    services.own('c.example', service({ item: item('c.example') }))

    assert.deepEqual(services.items('verona.example'), [{ jid: 'a.example' }, { jid: 'c.example' }])
    assert.deepEqual(services.items('mantua.example'), [])
  })
})
