import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parse as parseYaml } from 'yaml'
import { ConfigError, choice, duration, type Field, flag, integer, list, readFields, size, text } from './config.js'

const doc = 'What it is for.'

/** What an operator is told. */
const complaint = (work: () => unknown): string => {
  try {
    work()
  } catch (fault) {
    assert.ok(fault instanceof ConfigError, String(fault))
    return fault.message
  }
  return assert.fail('nothing was complained about')
}

describe('a section of the configuration', () => {
  const fields = {
    open: flag({ default: false, doc }),
    maxMessages: integer({ default: 100, min: 1, max: 1000, doc }),
    keepFor: duration({ default: '30 days', doc }),
  }
  const read = (raw: unknown) => readFields(fields, raw, 'modules.offline')

  it('has the defaults of what is not written', () => {
    const defaults = { open: false, maxMessages: 100, keepFor: 30 * 24 * 3_600_000 }

    assert.deepEqual(read(undefined), defaults)
    assert.deepEqual(read(null), defaults)
    assert.deepEqual(read({}), defaults)
    assert.deepEqual(read({ open: true }), { ...defaults, open: true })
  })

  it('has the values of what is written', () => {
    const raw = { open: true, maxMessages: 7, keepFor: '1 day' }

    assert.deepEqual(read(raw), { open: true, maxMessages: 7, keepFor: 24 * 3_600_000 })
  })

  it('is refused for a key that is none of its settings, with the ones that are', () => {
    assert.equal(
      complaint(() => read({ maxMesages: 7 })),
      'modules.offline.maxMesages: unknown setting; known here: open, maxMessages, keepFor',
    )
    assert.equal(
      complaint(() => readFields({}, { open: true }, 'modules.ping')),
      'modules.ping.open: unknown setting; there are no settings here',
    )
  })

  for (const name of ['constructor', 'toString', '__proto__'])
    it(`is refused for the key ${name}, which every object has`, () => {
      const raw: unknown = JSON.parse(`{ "${name}": 1 }`)

      assert.match(
        complaint(() => read(raw)),
        /: unknown setting;/,
      )
    })

  it('is refused for a value that its setting cannot have, with what was found and expected', () => {
    const complaints: readonly (readonly [raw: unknown, text: string])[] = [
      [{ open: 'yes' }, 'open: "yes" was found, true or false was expected'],
      [{ maxMessages: 0 }, 'maxMessages: 0 was found, a whole number from 1 to 1000 was expected'],
      [{ maxMessages: null }, 'maxMessages: nothing was found, a whole number from 1 to 1000 was expected'],
      [{ maxMessages: Infinity }, 'maxMessages: Infinity was found, a whole number from 1 to 1000 was expected'],
      [{ maxMessages: [7] }, 'maxMessages: [7] was found, a whole number from 1 to 1000 was expected'],
      [{ keepFor: 30 }, 'keepFor: 30 was found, a time span such as 30 seconds, 1 hour or 2 weeks was expected'],
    ]
    for (const [raw, text] of complaints)
      assert.equal(
        complaint(() => read(raw)),
        `modules.offline.${text}`,
      )
  })

  for (const raw of ['open', 7, true, ['open'], false])
    it(`is refused when it is ${JSON.stringify(raw)}`, () => {
      assert.equal(
        complaint(() => read(raw)),
        `modules.offline: ${JSON.stringify(raw)} was found, a section of settings was expected`,
      )
    })

  it('says where the problem is', () => {
    assert.throws(() => read({ open: 1 }), { name: 'ConfigError', path: 'modules.offline.open' })
    assert.throws(() => read({ shut: 1 }), { name: 'ConfigError', path: 'modules.offline.shut' })
  })
})

/** A setting, what may stand in the file for which value, and what may not. */
interface Case<T> {
  readonly field: Field<T>
  readonly expects: string
  readonly takes: readonly (readonly [raw: unknown, value: T])[]
  readonly refuses: readonly unknown[]
  /** Values that it can have. */
  readonly values: fc.Arbitrary<T>
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('true', 'null', '~', '5222', '1e3', '0x1f', '.inf', '- a', '# b', 'a: b', 'a, b', '] [', ''),
)

const cases: Readonly<Record<string, Case<unknown>>> = {
  'a whole number': of({
    field: integer({ default: 7, doc }),
    expects: 'a whole number from 0',
    takes: [
      [0, 0],
      [9_007_199_254_740_991, 9_007_199_254_740_991],
    ],
    refuses: [-1, 0.5, NaN, Infinity, 2 ** 53, '7', true, null, undefined, [], {}],
    values: fc.maxSafeNat(),
  }),
  'a whole number with bounds': of({
    field: integer({ default: 7, min: -5, max: 10, doc }),
    expects: 'a whole number from -5 to 10',
    takes: [
      [-5, -5],
      [10, 10],
    ],
    refuses: [-6, 11, '', null],
    values: fc.integer({ min: -5, max: 10 }),
  }),
  'a yes or no': of({
    field: flag({ default: true, doc }),
    expects: 'true or false',
    takes: [
      [true, true],
      [false, false],
    ],
    refuses: ['true', 'no', 0, 1, null, undefined],
    values: fc.boolean(),
  }),
  'a text': of({
    field: text({ default: 'Parlance', doc }),
    expects: 'a text',
    takes: [
      ['', ''],
      ['Verona', 'Verona'],
    ],
    refuses: [7, true, null, undefined, ['Verona']],
    values: anyText,
  }),
  'a text with a rule': of({
    field: text({ default: 'A', expects: 'a text in capitals', check: text => text === text.toUpperCase(), doc }),
    expects: 'a text in capitals',
    takes: [['VERONA', 'VERONA']],
    refuses: ['Verona', 7],
    values: anyText.map(text => text.toUpperCase()).filter(text => text === text.toUpperCase()),
  }),
  'one of some words': of({
    field: choice({ default: 'info', of: ['debug', 'info', 'warn'], doc }),
    expects: 'one of debug, info, warn',
    takes: [
      ['debug', 'debug'],
      ['warn', 'warn'],
    ],
    refuses: ['DEBUG', 'error', '', 0, null, undefined],
    values: fc.constantFrom('debug', 'info', 'warn'),
  }),
  'a list': of({
    field: list({ default: [], doc }),
    expects: 'a list of texts',
    takes: [
      [[], []],
      [
        ['romeo@montague.example', 'juliet@capulet.example'],
        ['romeo@montague.example', 'juliet@capulet.example'],
      ],
    ],
    refuses: ['romeo@montague.example', [7], ['romeo', null], {}, null, undefined],
    values: fc.array(anyText, { maxLength: 4 }),
  }),
  'a time span': of({
    field: duration({ default: '1 hour', doc }),
    expects: 'a time span such as 30 seconds, 1 hour or 2 weeks',
    takes: [
      ['0 seconds', 0],
      ['1 millisecond', 1],
      ['30 seconds', 30_000],
      ['90 minutes', 5_400_000],
      ['1.5 hours', 5_400_000],
      ['1 hour', 3_600_000],
      ['2 weeks', 14 * 86_400_000],
      ['1 year', 365 * 86_400_000],
      ['10days', 864_000_000],
    ],
    refuses: [30, '30', 'hour', '-1 hours', '1 fortnight', '1  hour', ' 1 hour', '1,5 hours', '1 MB', '1 HOUR', null],
    values: fc.oneof(
      fc.maxSafeNat(),
      fc.nat(10_000_000),
      fc.nat(1000).map(hours => hours * 3_600_000),
    ),
  }),
  'a size': of({
    field: size({ default: '1 MB', doc }),
    expects: 'a size such as 500 bytes, 256 kB or 1 MB',
    takes: [
      ['0 bytes', 0],
      ['1 byte', 1],
      ['500 bytes', 500],
      ['256 kB', 262_144],
      ['1.5 MB', 1_572_864],
      ['2 GB', 2_147_483_648],
      ['1.001 GB', 1_074_815_566],
    ],
    refuses: [500, '500', '256 KB', '256 kb', '1 TB', '1e3 bytes', '9999999999999999 GB', '1 hour', null],
    values: fc.oneof(
      fc.maxSafeNat(),
      fc.nat(10_000_000),
      fc.nat(1000).map(kB => kB * 1024),
    ),
  }),
}

/** The type of a case's values matters inside of it only. */
function of<T>(one: Case<T>): Case<unknown> {
  return one as unknown as Case<unknown>
}

for (const [name, { field, expects, takes, refuses, values }] of Object.entries(cases)) {
  describe(`a setting that is ${name}`, () => {
    for (const [raw, value] of takes)
      it(`may be ${JSON.stringify(raw)}`, () => assert.deepEqual(field.parse(raw), value))

    for (const raw of refuses)
      it(`may not be ${typeof raw === 'number' ? raw : JSON.stringify(raw)}`, () =>
        assert.equal(field.parse(raw), undefined))

    it('says what it may be', () => assert.deepEqual([field.expects, field.doc], [expects, doc]))

    it('is read in a file as it was written there', () => {
      const readBack = (value: unknown) => field.parse(parseYaml(`key: ${field.format(value)}`).key)

      fc.assert(fc.property(values, value => assert.deepEqual(readBack(value), value)))
      assert.deepEqual(readBack(field.default), field.default)
    })
  })
}

describe('a time span or size', () => {
  it('is written in the largest unit that it is a whole number of', () => {
    const time = duration({ default: '1 hour', doc })
    const amount = size({ default: '1 MB', doc })
    const written = [
      ...[0, 1, 1500, 60_000, 5_400_000, 86_400_000, 14 * 86_400_000, 365 * 86_400_000].map(time.format),
      ...[0, 1, 500, 1024, 1536, 262_144, 3 * 1024 ** 3].map(amount.format),
    ]

    assert.deepEqual(written, [
      ...[
        '0 milliseconds',
        '1 millisecond',
        '1500 milliseconds',
        '1 minute',
        '90 minutes',
        '1 day',
        '2 weeks',
        '1 year',
      ],
      ...['0 bytes', '1 byte', '500 bytes', '1 kB', '1536 bytes', '256 kB', '3 GB'],
    ])
  })

  it('cannot have a default that is none', () => {
    assert.throws(() => duration({ default: 'soon', doc }), /soon is no default for a time span/)
    assert.throws(() => size({ default: '1 hour', doc }), /1 hour is no default for a size/)
  })
})
