import assert from 'node:assert/strict'
import { TestFile } from './fixture.test.js'
import { type Row, TABLES, Tally } from './tables.js'

describe('tables', () => {
  const ages = { name: 'ages', columns: { name: 'text', age: 'number', face: 'bytes' }, key: ['name'] } as const
  const juliet: Row = { name: 'juliet', age: 13, face: Buffer.from([1, 2]) }
  const susan: Row = { name: 'susan', age: 14, face: null }
  const checksum = (...batches: (readonly Row[])[]) => {
    const tally = new Tally(ages)
    for (const batch of batches) tally.add(batch)
    return tally.checksum
  }

  it('are those that there are, with all of their columns', async () => {
    const file = await TestFile.make()
    await file.open()
    const db = file.look()
    const names: readonly { name: string }[] = await db('sqlite_master').where({ type: 'table' }).select('name')
    const ours = names.map(({ name }) => name).filter(name => !/^(knex|sqlite)_/.test(name))

    assert.deepEqual(TABLES.map(({ name }) => name).sort(), ours.sort())
    for (const { name, columns } of TABLES)
      assert.deepEqual(
        Object.keys(await db(name).columnInfo()).filter(column => column !== 'n'),
        Object.keys(columns),
      )
    await file.dispose()
  })

  it('have a checksum that is the same whatever order and whatever driver rows come from', () => {
    const same = checksum([juliet, susan])

    assert.match(same, /^[0-9a-f]{64}$/)
    assert.equal(checksum([susan], [juliet]), same)
    assert.equal(checksum([{ face: Buffer.from([1, 2]), age: '13', name: 'juliet', n: 7 }, susan]), same)
  })

  it('have another checksum when anything is otherwise', () => {
    const others: readonly (readonly Row[])[] = [
      [],
      [juliet],
      [susan, susan],
      [juliet, juliet],
      [juliet, susan, susan],
      [juliet, { ...susan, age: 15 }],
      [juliet, { ...susan, face: Buffer.from([]) }],
      [juliet, { ...susan, name: 'Susan' }],
      [{ ...juliet, face: Buffer.from([2, 1]) }, susan],
      [
        { ...juliet, age: 14 },
        { ...susan, age: 13 },
      ],
    ]
    const checksums = [[juliet, susan], ...others].map(rows => checksum(rows))

    assert.equal(new Set(checksums).size, checksums.length)
  })
})
