import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseElement, serialise } from '../xml/index.js'
import { StanzaError } from './errors.js'
import { listSource, type PageRequest, type PageSource, pageElement, pageOf, readPageRequest } from './result-set.js'

const read = (inner: string): PageRequest | undefined =>
  readPageRequest(
    parseElement(`<query xmlns='urn:example'><set xmlns='http://jabber.org/protocol/rsm'>${inner}</set></query>`),
  )

const refusal = (condition: string) => (fault: unknown) => fault instanceof StanzaError && fault.condition === condition

const cast = ['benvolio', 'juliet', 'mercutio', 'nurse', 'paris', 'romeo', 'tybalt']
const unsorted = ['romeo', 'juliet', 'mercutio', 'tybalt', 'nurse']

const page = async (request: PageRequest, { of = cast, isSorted = true, max = 100 } = {}) =>
  pageOf(
    listSource(of, name => name, { isSorted }),
    request,
    max,
  )

const names = async (...args: Parameters<typeof page>) => (await page(...args)).items

describe('a request for a page (XEP-0059)', () => {
  const requests: readonly (readonly [string, PageRequest])[] = [
    ['', {}],
    ['<max>10</max>', { max: 10 }],
    ['<max> 0 </max>', { max: 0 }],
    ['<max>10</max><after>romeo</after>', { max: 10, after: 'romeo' }],
    ['<before>romeo</before>', { before: 'romeo' }],
    ['<before/><max>3</max>', { max: 3, before: '' }],
    ['<after/>', {}],
    ['<after>a</after><before>z</before>', { after: 'a', before: 'z' }],
    ['<index>371</index><max>10</max>', { max: 10, index: 371 }],
  ]
  for (const [text, request] of requests)
    it(`is read: ${text || 'anything'}`, () => assert.deepEqual(read(text), request))

  it('is not there when nobody made one', () => {
    assert.equal(readPageRequest(parseElement("<query xmlns='urn:example'/>")), undefined)
    assert.equal(readPageRequest(parseElement("<query xmlns='urn:example'><set><max>1</max></set></query>")), undefined)
  })

  for (const text of [
    ...['<max>-1</max>', '<max/>', '<max>many</max>', '<max>1e3</max>', '<max>99999999999</max>', '<index>x</index>'],
    ...['<index>1</index><after>romeo</after>', '<index>1</index><before/>'],
  ])
    it(`is refused when it means nothing: ${text}`, () => assert.throws(() => read(text), refusal('bad-request')))
})

describe('a page of a list', () => {
  it('is the first when nothing else is said, and no longer than it may be', async () => {
    assert.deepEqual(await names({}), cast)
    assert.deepEqual(await names({ max: 2 }), ['benvolio', 'juliet'])
    assert.deepEqual(await names({}, { max: 3 }), ['benvolio', 'juliet', 'mercutio'])
    assert.deepEqual(await names({ max: 50 }, { max: 3 }), ['benvolio', 'juliet', 'mercutio'])
  })

  it('follows an item, or comes before it (§2.2, §2.3)', async () => {
    assert.deepEqual(await names({ max: 2, after: 'juliet' }), ['mercutio', 'nurse'])
    assert.deepEqual(await names({ max: 2, before: 'nurse' }), ['juliet', 'mercutio'])
    assert.deepEqual(await names({ max: 9, before: 'juliet' }), ['benvolio'])
    assert.deepEqual(await names({ max: 2, after: 'tybalt' }), [])
    assert.deepEqual(await names({ max: 2, before: 'benvolio' }), [])
  })

  it('is the last one (§2.5)', async () => assert.deepEqual(await names({ max: 2, before: '' }), ['romeo', 'tybalt']))

  it('is between two items', async () => {
    assert.deepEqual(await names({ after: 'juliet', before: 'paris' }), ['mercutio', 'nurse'])
    assert.deepEqual(await names({ after: 'juliet', before: 'paris', max: 1 }), ['nurse'])
    assert.deepEqual(await names({ after: 'paris', before: 'juliet' }), [])
  })

  it('begins at a place (§2.6)', async () => {
    const { items, index } = await page({ max: 2, index: 4 })
    assert.deepEqual([items, index], [['paris', 'romeo'], 4])
    assert.deepEqual(await names({ max: 2, index: 7 }), [])
  })

  it('is empty for one who wants the number only (§2.7)', async () => {
    const { items, count, first, last, index } = await page({ max: 0 })
    assert.deepEqual([items, count, first, last, index], [[], 7, undefined, undefined, undefined])
  })

  it('says where it is, and whether that is all', async () => {
    const summary = async (request: PageRequest) => {
      const { first, last, index, count, isLast } = await page(request)
      return [first, last, index, count, isLast]
    }

    assert.deepEqual(await summary({ max: 3 }), ['benvolio', 'mercutio', 0, 7, false])
    assert.deepEqual(await summary({ max: 3, after: 'nurse' }), ['paris', 'tybalt', 4, 7, true])
    assert.deepEqual(await summary({ max: 3, before: '' }), ['paris', 'tybalt', 4, 7, false])
    assert.deepEqual(await summary({ max: 3, before: 'nurse' }), ['benvolio', 'mercutio', 0, 7, true])
    assert.deepEqual(await summary({ max: 3, index: 5 }), ['romeo', 'tybalt', 5, 7, true])
    assert.deepEqual(await summary({ after: 'tybalt' }), [undefined, undefined, undefined, 7, true])
  })

  it('is found though the item is gone, where addresses tell the order (§2.4)', async () => {
    assert.deepEqual(await names({ max: 2, after: 'lady' }), ['mercutio', 'nurse'])
    assert.deepEqual(await names({ max: 2, before: 'lady' }), ['benvolio', 'juliet'])
  })

  it('is not found when nobody knows where the item was (§2.4)', async () => {
    const of = { of: unsorted, isSorted: false }

    assert.deepEqual(await names({ max: 2, after: 'juliet' }, of), ['mercutio', 'tybalt'])
    await assert.rejects(page({ after: 'lady' }, of), refusal('item-not-found'))
    await assert.rejects(page({ before: 'lady' }, of), refusal('item-not-found'))
    assert.deepEqual(await names({ max: 1, before: '' }, of), ['nurse'])
  })

  it('holds each item once when it is read page by page, in either direction', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (list, max, isSorted) => {
          const of = isSorted ? [...list].sort() : list
          const forwards: string[] = []
          for (let after: string | undefined, isLast = false; !isLast; after = forwards.at(-1)) {
            const found = await page({ max, ...(after !== undefined && { after }) }, { of, isSorted })
            forwards.push(...found.items)
            isLast = found.isLast
          }
          const backwards: string[] = []
          for (let before = '', isLast = false; !isLast; before = backwards[0] ?? '') {
            const found = await page({ max, before }, { of, isSorted })
            backwards.unshift(...found.items)
            isLast = found.isLast
          }
          assert.deepEqual([forwards, backwards], [of, of])
        },
      ),
    )
  })
})

describe('a list that can do less', () => {
  const { uidOf, read: readRange } = listSource(cast, name => name, { isSorted: true })
  const bare: PageSource<string> = { uidOf, read: readRange }

  it('says no more than it knows', async () => {
    const { items, count, index } = await pageOf(bare, { max: 2, after: 'juliet' }, 10)

    assert.deepEqual([items, count, index], [['mercutio', 'nurse'], undefined, undefined])
  })

  it('is not read by place (§2.6)', async () =>
    assert.rejects(pageOf(bare, { index: 1 }, 10), refusal('feature-not-implemented')))
})

describe('what is said about a page', () => {
  const said = async (request: PageRequest) => serialise(pageElement(await page(request)))

  it('is as XEP-0059 shows it', async () => {
    assert.equal(
      await said({ max: 2, after: 'juliet' }),
      "<set xmlns='http://jabber.org/protocol/rsm'><first index='2'>mercutio</first><last>nurse</last><count>7</count></set>",
    )
    assert.equal(await said({ max: 0 }), "<set xmlns='http://jabber.org/protocol/rsm'><count>7</count></set>")
  })
})
