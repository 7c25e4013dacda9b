import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type } from 'node:os'
import { el, Kit } from '../../test/kit.js'
import { child, type Element, firstElement } from '../xml/index.js'
import { version } from './version.js'

describe('version', () => {
  const question = el`<query xmlns='jabber:iq:version'/>`
  const textIn = (reply: Element, name: string) => firstElement(reply)?.getChild(name)?.getText()

  it('tells which program the server is', async () => {
    const kit = await Kit.start({ modules: [version] })
    const romeo = await kit.connects('romeo')

    const reply = await romeo.asks('get', question, 'verona.example')

    assert.equal(textIn(reply, 'name'), 'Parlance')
    assert.equal(textIn(reply, 'version'), JSON.parse(readFileSync('package.json', 'utf8')).version)
  })

  it('tells the operating system only where the operator says so (§5)', async () => {
    const silent = await Kit.start({ modules: [version] })
    const open = await Kit.start({ modules: [version], settings: { version: { os: true } } })

    const one = await (await silent.connects('romeo')).asks('get', question, 'verona.example')
    const other = await (await open.connects('romeo')).asks('get', question, 'verona.example')

    assert.equal(child(firstElement(one) ?? one, 'os'), undefined)
    assert.ok(textIn(other, 'os')?.startsWith(type()))
  })
})
