import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { FakeClock } from '../../test/kit.js'
import { freePort, Lines } from '../../test/stream-kit.js'
import { readFields } from '../core/config.js'
import { httpLimits } from './limits.js'
import { get, HttpServer, type Route } from './server.js'

interface Reply {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

function promised<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(keep => {
    resolve = keep
  })
  return { promise, resolve }
}

describe('the HTTP server', () => {
  const log = new Lines()
  let clock: FakeClock
  let server: HttpServer
  let port: number

  const start = async (routes: readonly Route[], limits: Partial<Record<keyof typeof httpLimits, number>> = {}) => {
    clock = new FakeClock()
    server = new HttpServer({ routes, limits: { ...readFields(httpLimits, {}, 'http'), ...limits }, clock, log })
    port = await freePort()
    return server.listen({ host: '127.0.0.1', port })
  }

  const ask = async (path: string, method = 'GET', body = ''): Promise<Reply> => {
    const request = http.request({ host: '127.0.0.1', port, path, method, agent: false })
    request.end(body)
    const [response] = await once(request, 'response')
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }

  afterEach(() => server.close())

  it('answers what is to be had at a path, whatever the query', async () => {
    await start([get('/balcony', ({ url }) => ({ status: 200, body: `Juliet, ${url}\n` }))])

    const { status, headers, body } = await ask('/balcony?light=east')

    assert.deepEqual([status, body], [200, 'Juliet, /balcony?light=east\n'])
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(headers['cache-control'], 'no-store')
  })

  it('counts bytes, not letters', async () => {
    await start([get('/', () => ({ status: 200, body: 'Giulietta è il sole' }))])

    const { headers, body } = await ask('/')

    assert.deepEqual([headers['content-length'], body], ['20', 'Giulietta è il sole'])
  })

  it('tells the head alone to who wants no more', async () => {
    await start([get('/', () => ({ status: 200, body: 'Juliet' }))])

    const { status, headers, body } = await ask('/', 'HEAD')

    assert.deepEqual([status, headers['content-length'], body], [200, '6', ''])
  })

  it('says what cannot be done, and where there is nothing', async () => {
    await start([get('/balcony', () => ({ status: 200, body: '' }))])

    const [posted, strayed] = await Promise.all([ask('/balcony', 'POST', 'a rope'), ask('/balcony/')])

    assert.deepEqual([posted.status, posted.headers.allow, strayed.status], [405, 'GET, HEAD', 404])
  })

  it('tells nobody but the log what went wrong inside', async () => {
    await start([
      get('/tomb', async () => {
        throw new Error('the letter was not delivered')
      }),
    ])

    const { status, body } = await ask('/tomb')

    assert.equal(status, 500)
    assert.doesNotMatch(body, /letter/)
    assert.match(String(log.lines.at(-1)?.facts.err), /the letter was not delivered/)
  })

  it('takes no head that is too large', async () => {
    await start([get('/', () => ({ status: 200, body: '' }))], { headerSize: 1024 })

    const { status } = await ask(`/${'x'.repeat(2000)}`)

    assert.equal(status, 431)
  })

  it('closes on who takes too long to say what he wants', async () => {
    await start([get('/', () => ({ status: 200, body: '' }))], { requestTime: 50 })
    const slow = net.connect(port, '127.0.0.1')
    slow.write('GET / HTTP/1.1\r\nHost: verona')

    assert.match(await text(slow), /^HTTP\/1\.1 408 /)
  })

  it('has so many connections, and closes further ones', async () => {
    await start([get('/', () => ({ status: 200, body: '' }))], { connections: 1 })
    const first = net.connect(port, '127.0.0.1')
    await once(first, 'connect')

    const second = net.connect(port, '127.0.0.1').on('error', () => {})

    await once(second, 'close')
    first.destroy()
  })

  describe('closes', () => {
    it('when what is being answered is answered', async () => {
      const letter = promised<string>()
      const asked = promised<void>()
      await start([
        get('/', async () => {
          asked.resolve()
          return { status: 200, body: await letter.promise }
        }),
      ])
      const reply = ask('/')
      await asked.promise

      const closed = server.close()
      await assert.rejects(ask('/'), { code: 'ECONNREFUSED' })
      letter.resolve('my love')

      assert.equal((await reply).body, 'my love')
      await closed
    })

    it('without those who keep a connection for later', async () => {
      await start([get('/', () => ({ status: 200, body: '' }))])
      const idle = net.connect(port, '127.0.0.1')
      idle.write('GET / HTTP/1.1\r\nHost: verona\r\n\r\n')
      await once(idle, 'data')

      await server.close()

      await once(idle.resume(), 'close')
    })

    it('and does not wait long for an answer that does not come', async () => {
      const asked = promised<void>()
      await start([
        get('/', () => {
          asked.resolve()
          return new Promise(() => {})
        }),
      ])
      const reply = ask('/')
      reply.catch(() => {}) // it is looked at below
      await asked.promise

      const closed = server.close()
      await clock.pass(1000)

      await closed
      await assert.rejects(reply, { code: 'ECONNRESET' })
    })

    it('one place only, when it is not listened there any more', async () => {
      const end = await start([get('/', () => ({ status: 200, body: 'Verona' }))])
      const left = port
      port = await freePort()
      await server.listen({ host: '127.0.0.1', port })

      end()

      assert.equal((await ask('/')).body, 'Verona')
      port = left
      await assert.rejects(ask('/'), { code: 'ECONNREFUSED' })
    })
  })
})
