/** Whether the player notices what it is there for, against a server that says what the test tells it to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { play } from './player.js'
import { parseScript } from './script.js'
import { CLIENT, STREAMS } from './xml.js'

describe('the player of scripts', () => {
  let server: net.Server
  let answers: (sent: string) => string

  /** Answers pings, and to everything else what the test wants. */
  beforeEach(async () => {
    server = net.createServer(socket => {
      socket.setEncoding('utf8').on('error', () => {})
      socket.on('data', (sent: string) => {
        const ping = /id='(sync-\d+)'/.exec(sent)?.[1]
        socket.write(ping ? `<iq type='result' id='${ping}'/>` : answers(sent))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => server.close())

  const HEADER = `<?xml version='1.0'?><stream:stream xmlns='${CLIENT}' xmlns:stream='${STREAMS}' id='1' version='1.0'>`
  const played = (...steps: readonly string[]) => {
    const script = ['title: a', 'source: RFC 6120 MUST', 'romeo connects', 'romeo sends', `  ${HEADER}`, ...steps]
    return play(parseScript('a', script.join('\n')), {
      address: {
        host: '127.0.0.1',
        port: (server.address() as net.AddressInfo).port, // it listens on TCP
        domain: 'verona.example',
        transport: 'plain',
        namespace: CLIENT,
        patience: 200,
      },
      accounts: new Map(),
      newAccount: async name => ({ user: name, password: 'secret', jid: `${name}@verona.example` }),
    })
  }
  const says = (text: string) => {
    answers = sent => (sent.includes('stream:stream') ? HEADER : text)
  }

  it('is content when all comes as it should', async () => {
    says("<message from='juliet@verona.example'><body>hi</body></message>")

    const { failure, transcript } = await played(
      'romeo receives a stream header',
      "  <stream:stream id='{=stream}' version='1.0'/>",
      'romeo sends',
      '  <presence/>',
      'romeo receives',
      "  <message from='{juliet}'><body>hi</body></message>",
    )

    assert.equal(failure, undefined)
    assert.ok(transcript.includes('romeo > <presence/>'))
  })

  it('notices what is missing, other, too much or too early', async () => {
    says('<message><body>hi</body></message><message/>')
    const start = ['romeo receives a stream header', 'romeo sends', '  <presence/>']

    assert.match(
      (await played(...start, 'romeo receives', '  <message><body>ho</body></message>')).failure ?? '',
      /line 9 \(romeo receives\): romeo expected <message><body>ho<.*\n.*but got {2}<message><body>hi</,
    )
    assert.match((await played(...start, 'romeo receives', '  <iq/>')).failure ?? '', /expected <iq\/>/)
    assert.match(
      (await played(...start, 'romeo receives', '  <message/><message/><message/>')).failure ?? '',
      /but nothing came/,
    )
    assert.match(
      (await played(...start, 'romeo receives', '  <message><body/></message>', 'romeo receives nothing')).failure ??
        '',
      /expected nothing\n.*but got {2}<message\/>/,
    )
    assert.match((await played('romeo is disconnected')).failure ?? '', /but got {2}a stream header/)
    assert.match((await played("romeo's stream ends with host-unknown")).failure ?? '', /but got {2}a stream header/)
  })

  it('notices what is not XML', async () => {
    says('<message></presence>')

    const { failure } = await played(
      'romeo receives a stream header',
      'romeo sends',
      '  x',
      'romeo receives',
      '  <message/>',
    )

    assert.match(failure ?? '', /something that is not XML/)
  })

  it('says so when a script makes no sense', async () => {
    says('')

    for (const step of ['romeo dances', 'iago connects', 'romeo and juliet connects', 'nurse sends'])
      assert.notEqual((await played(step)).failure, undefined, step)
  })

  it('takes any order where the script leaves it, and passes over what means nothing', async () => {
    says("<presence/><message><body>1</body></message><iq type='set'/><message><body>2</body></message>")

    const { failure } = await played(
      'romeo receives a stream header',
      'romeo ignores presence',
      'romeo may receive',
      "  <iq type='set'/>",
      'romeo sends',
      '  <x/>',
      'romeo receives in any order',
      '  <message><body>2</body></message>',
      '  <message><body>1</body></message>',
    )

    assert.equal(failure, undefined)
  })
})
