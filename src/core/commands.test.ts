import assert from 'node:assert/strict'
import { argumentsOf, readArguments, renderResult } from './commands.js'
import type { Argument, Command } from './module.js'

const command = (args: Command['args']) => ({ name: 'room make', args })
const refusal = (message: string | RegExp) => ({ name: 'CommandError', message })

describe("a command's arguments", () => {
  it('are texts that are needed, or secrets by their name, when there is but a sentence', () => {
    const known = argumentsOf(command({ room: 'which', password: 'a secret' }))

    assert.deepEqual(known, [
      { name: 'room', doc: 'which', type: 'text', optional: false, of: [], named: undefined },
      { name: 'password', doc: 'a secret', type: 'secret', optional: false, of: [], named: undefined },
    ])
  })

  it('are what is told of them, and flags may be left out and have names', () => {
    const known = argumentsOf(
      command({
        to: { doc: 'where', named: 'FILE', optional: true },
        level: { doc: 'how much', of: ['low', 'high'] },
        all: { doc: 'everything', type: 'flag' },
      }),
    )

    assert.deepEqual(
      known.map(({ type, optional, of, named }) => [type, optional, of, named]),
      [
        ['text', true, [], 'FILE'],
        ['text', false, ['low', 'high'], undefined],
        ['flag', true, [], ''],
      ],
    )
  })

  const reads = (argument: Argument, written: string) => readArguments(command({ x: argument }), { x: written }).x
  const good: readonly (readonly [Partial<Argument>, written: string, read: string | undefined])[] = [
    [{ type: 'jid' }, 'Juliet@VERONA.example/Balcony', 'juliet@verona.example/Balcony'],
    [{ type: 'jid' }, 'verona.example', 'verona.example'],
    [{ type: 'integer' }, '007', '7'],
    [{ type: 'integer' }, '0', '0'],
    [{ type: 'flag' }, 'true', 'true'],
    [{ type: 'flag' }, '1', 'true'],
    [{ type: 'flag' }, '0', undefined],
    [{ type: 'flag' }, 'false', undefined],
    [{ type: 'flag' }, '', undefined],
    [{ type: 'lines' }, 'one\ntwo', 'one\ntwo'],
    [{ type: 'secret' }, '', ''],
    [{ type: 'text', optional: true }, '', undefined],
    [{ of: ['low', 'high'] }, 'low', 'low'],
    [{}, ' as it is ', ' as it is '],
  ]
  for (const [argument, written, read] of good)
    it(`are read: ${JSON.stringify(written)} as ${JSON.stringify(argument)}`, () => {
      assert.equal(reads({ doc: '', ...argument }, written), read)
    })

  const bad: readonly (readonly [Partial<Argument>, written: string, message: RegExp])[] = [
    [{ type: 'jid' }, 'romeo@', /^"romeo@" is no address such as romeo@example\.org: .+\.$/],
    [{ type: 'jid' }, "o'hara@example.org", /: .+, but o\\27hara@example\.org is one \(XEP-0106\)\.$/],
    [{ type: 'jid' }, 'ohara @example.org', /: local part: ASCII 32 is not allowed\.$/],
    [{ type: 'integer' }, '-1', /^"-1" was found for x, a whole number was expected\.$/],
    [{ type: 'integer' }, '1.5', /a whole number was expected/],
    [{ type: 'integer' }, '9'.repeat(16), /a whole number was expected/],
    [{ type: 'flag' }, 'yes', /true or false was expected/],
    [{ type: 'text' }, 'one\ntwo', /one line was expected/],
    [{ of: ['low', 'high'] }, 'middle', /^"middle" was found for x, one of low, high was expected\.$/],
    [{ type: 'text' }, '', /^room make: x is missing, what it is\.$/],
  ]
  for (const [argument, written, message] of bad)
    it(`are refused: ${JSON.stringify(written)} as ${JSON.stringify(argument)}`, () => {
      assert.throws(() => reads({ doc: 'what it is', ...argument }, written), refusal(message))
    })

  it('are refused when they are missing, or nobody knows them', () => {
    const args = { room: 'which', topic: { doc: 'about what', optional: true } }

    assert.deepEqual(readArguments(command(args), { room: 'hall' }), { room: 'hall' })
    assert.throws(() => readArguments(command(args), {}), refusal('room make: room is missing, which.'))
    assert.throws(() => readArguments(command(args), { room: 'a', colour: 'b' }), refusal('room make takes no colour.'))
    assert.throws(() => readArguments(command(args), { room: 'a', toString: 'b' }), /takes no toString/)
  })
})

describe("a command's result", () => {
  it('is a text as it is', () => {
    assert.equal(renderResult('Done.'), 'Done.')
    assert.equal(renderResult(''), '')
  })

  it('is a table with its columns below their headings, and nothing when it has no rows', () => {
    const columns = { jid: 'ADDRESS', since: 'SINCE', note: 'NOTE' }

    const text = renderResult({
      columns,
      rows: [
        { jid: 'romeo@verona.example', since: 'noon' },
        { jid: 'julia❤', note: 'in love' },
      ],
    })

    assert.deepEqual(text.split('\n'), [
      'ADDRESS               SINCE  NOTE',
      'romeo@verona.example  noon',
      'julia❤                       in love',
    ])
    assert.equal(renderResult({ columns, rows: [] }), '')
  })

  it('is facts by their names, and several parts below each other', () => {
    const text = renderResult([
      { facts: { Version: '1.0', 'Up since': 'noon' } },
      'Two are here.',
      { columns: { a: 'A' }, rows: [{ a: 'x' }] },
    ])

    assert.equal(text, 'Version   1.0\nUp since  noon\n\nTwo are here.\n\nA\nx')
  })
})
