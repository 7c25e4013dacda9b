import assert from 'node:assert/strict'
import { el, Kit } from '../../test/kit.js'
import { firstElement } from '../xml/index.js'
import { privateXml } from './private-xml.js'

describe('private XML', () => {
  const query = (content: string) => el`<query xmlns='jabber:iq:private'>${content}</query>`
  const prefs = `<exodus xmlns='exodus:prefs'><nick xml:lang='it'>Romèo &amp; </nick>\n</exodus>`

  async function romeoOf(settings = {}) {
    const kit = await Kit.start({ modules: [privateXml], settings: { private: settings } })
    return { romeo: await kit.connects('romeo'), juliet: await kit.connects('juliet') }
  }

  it('comes back as it was kept', async () => {
    const { romeo } = await romeoOf()

    const reply = await romeo.asks('set', query(prefs))

    assert.equal(reply.attrs.type, 'result')
    const found = firstElement(await romeo.asks('get', query(`<exodus xmlns='exodus:prefs'/>`)))
    assert.equal(`${found}`, `${query(prefs)}`)
  })

  it('that was never kept is an empty element', async () => {
    const { romeo } = await romeoOf()

    const found = firstElement(await romeo.asks('get', query(`<storage xmlns='storage:bookmarks'/>`)))

    assert.equal(`${found}`, `${query(`<storage xmlns='storage:bookmarks'/>`)}`)
  })

  it('of one set may be several elements, also of one name (§2.3)', async () => {
    const { romeo } = await romeoOf()
    const two = `<a xmlns='urn:one'>1</a><a xmlns='urn:one'>2</a>`

    await romeo.asks('set', query(`${two}<a xmlns='urn:two'>3</a><b xmlns='urn:one'>4</b>`))

    const ask = async (what: string) => `${firstElement(await romeo.asks('get', query(what)))}`
    assert.equal(await ask(`<a xmlns='urn:one'/>`), `${query(two)}`)
    assert.equal(await ask(`<a xmlns='urn:two'/>`), `${query(`<a xmlns='urn:two'>3</a>`)}`)
    assert.equal(await ask(`<b xmlns='urn:one'/>`), `${query(`<b xmlns='urn:one'>4</b>`)}`)
  })

  it('is found by its namespace when nothing is under that name: Gajim’s roster delimiter', async () => {
    const { romeo } = await romeoOf()
    await romeo.asks('set', query(`<roster xmlns='roster:delimiter'>::</roster>`))

    const found = firstElement(await romeo.asks('get', query(`<storage xmlns='roster:delimiter'/>`)))

    assert.equal(`${found}`, `${query(`<roster xmlns='roster:delimiter'>::</roster>`)}`)
  })

  it('is not found by a namespace that its own begins with', async () => {
    const { romeo } = await romeoOf()
    await romeo.asks('set', query(`<a xmlns='urn:one}two'>1</a>`))

    const found = firstElement(await romeo.asks('get', query(`<a xmlns='urn:one'/>`)))

    assert.equal(`${found}`, `${query(`<a xmlns='urn:one'/>`)}`)
  })

  it('goes when an empty element is kept in its place', async () => {
    const { romeo } = await romeoOf({ maxElements: 1 })
    await romeo.asks('set', query(prefs))

    await romeo.asks('set', query(`<exodus xmlns='exodus:prefs'/>`))

    assert.equal((await romeo.asks('set', query(`<a xmlns='urn:one'>1</a>`))).attrs.type, 'result')
  })

  it('is nobody else’s business (§2.3)', async () => {
    const { romeo, juliet } = await romeoOf()
    await romeo.asks('set', query(prefs))

    for (const type of ['get', 'set'] as const)
      assert.equal(await juliet.isRefused(type, query(prefs), 'romeo@verona.example'), 'forbidden')
    const own = firstElement(await juliet.asks('get', query(`<exodus xmlns='exodus:prefs'/>`)))
    assert.equal(`${own}`, `${query(`<exodus xmlns='exodus:prefs'/>`)}`)
  })

  it('needs a name in a namespace of its own, and only one in a question (§2.3)', async () => {
    const { romeo } = await romeoOf()

    for (const type of ['get', 'set'] as const) {
      assert.equal(await romeo.isRefused(type, query('')), 'not-acceptable')
      assert.equal(await romeo.isRefused(type, query('<nick>Romeo</nick>')), 'not-acceptable')
    }
    assert.equal(await romeo.isRefused('get', query(`<a xmlns='urn:one'/><a xmlns='urn:two'/>`)), 'bad-request')
  })

  it('has limits', async () => {
    const { romeo } = await romeoOf({ maxElements: 2, maxSize: '100 bytes' })
    const element = (n: number, text: string) => query(`<a xmlns='urn:${n}'>${text}</a>`)

    assert.equal(await romeo.isRefused('set', element(1, 'x'.repeat(100))), 'policy-violation')
    await romeo.asks('set', element(1, 'x'))
    await romeo.asks('set', element(2, 'x'))
    assert.equal(await romeo.isRefused('set', element(3, 'x')), 'policy-violation')
    assert.equal((await romeo.asks('set', element(2, 'y'))).attrs.type, 'result')
  })
})
