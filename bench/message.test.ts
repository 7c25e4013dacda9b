import assert from 'node:assert/strict'
import { Flow, Scanner } from './message.js'

describe('bench message', () => {
  const options = { run: 1234, flow: 42, to: 'juliet@localhost', window: 3, framing: 'xmpp' } as const

  it('is 220 bytes of chat with a body of 100', () => {
    const [message] = new Flow(options).stamp(1, 0)

    const text = String(message)
    assert.equal(text.length, 220)
    assert.match(
      text,
      /^<message to='juliet@localhost' type='chat' id='00042-0{9}-*'><body>b3nch[^<]{95}<\/body><\/message>$/,
    )
  })

  it('has the same size as a line', () => {
    const [message] = new Flow({ ...options, framing: 'line' }).stamp(1, 0)

    assert.equal(message?.length, 220)
    assert.equal(message?.at(-1), '\n'.charCodeAt(0))
  })

  it('wraps around its ring', () => {
    const flow = new Flow(options)

    flow.stamp(2, 5)

    assert.deepEqual(
      flow.stamp(2, 6).map(piece => String(piece).match(/\d{9}\|\d{9}/)?.[0]),
      ['000000002|000000006', '000000003|000000006'],
    )
  })

  it('is found however the stream is cut', () => {
    const flow = new Flow(options)
    const bytes = Buffer.concat([
      Buffer.from('<presence/>'),
      ...flow.stamp(3, 987_654_321),
      Buffer.from('<r xmlns="b3nc"/>'),
    ])

    for (let cut = 0; cut <= bytes.length; cut++) {
      const found: number[][] = []
      const scanner = new Scanner((...stamp) => found.push(stamp))
      scanner.scan(bytes.subarray(0, cut))
      scanner.scan(bytes.subarray(cut))
      assert.deepEqual(
        found,
        [0, 1, 2].map(sequence => [1234, 42, sequence, 987_654_321]),
      )
    }
  })
})
