import assert from 'node:assert/strict'
import { doap, supportTable } from './support.js'

describe('what is said of specifications', () => {
  const rows = (table: string) => table.split('\n').filter(line => line.startsWith('| ['))

  it('names each once for each part that follows it', () => {
    const table = rows(supportTable())

    assert.ok(table.some(row => /^\| \[RFC 6120\]\(\S+\) \| {2}\| client streams \|/.test(row)))
    assert.ok(table.some(row => /^\| \[XEP-0198\]\(\S+\) \| \d\S* \| client streams \|/.test(row)))
    assert.equal(new Set(table).size, table.length)
  })

  it('leads to the scripts that look at it', () => {
    const table = rows(supportTable(new Map([['XEP-0191', 12]])))

    assert.ok(table.some(row => row.includes('| blocking | [12](../conformance/scripts/xep0191) |')))
  })

  it('is said to directories of software, too', () => {
    const document = doap('1.2.3')

    assert.match(document, /<revision>1\.2\.3<\/revision>/)
    for (const { 1: specification } of supportTable().matchAll(/^\| \[\S+\]\((\S+)\)/gm))
      assert.ok(document.includes(`rdf:resource='${specification?.replace('org/rfc/', 'org/info/')}'`), specification)
    assert.equal(document.match(/xep-0133\.html/g)?.length, 1, 'each once')
  })
})
