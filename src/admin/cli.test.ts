import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { type Command, CommandError } from '../core/module.js'
import { type Program, runCli } from './cli.js'
import { openLocalDoor } from './door.js'

describe('command line', () => {
  let ran: (readonly [name: string, args: unknown])[]
  let closed: number
  let broken: boolean

  const command = (name: string, args: Command['args'], run?: Command['run']): Command => ({
    name,
    doc: `What ${name} does.`,
    args,
    run: async args => {
      ran.push([name, args])
      return run ? run(args) : 'Done.'
    },
  })
  const commands = [
    command('user add', { jid: 'its address', password: 'its password' }),
    command('user remove', { jid: 'its address' }, async ({ jid }) => {
      if (jid === 'ghost@elsinore') throw new CommandError('There is no ghost.')
      if (jid === 'bug') throw new Error('a bug')
      return ''
    }),
    command('user', {}),
    command('room say', { room: 'where', text: 'what' }),
    command('room list', {
      domain: { doc: 'of which domain', optional: true },
      all: { doc: 'hidden ones, too', type: 'flag' },
    }),
    command('room save', {
      room: 'which',
      to: { doc: 'where to', named: 'FILE' },
      rows: { doc: 'how many', type: 'integer', named: 'N', optional: true },
    }),
    command('room close', { room: 'which', reason: { doc: 'why', optional: true } }),
    command('room lock', { level: { doc: 'how much', of: ['low', 'high'] } }),
  ]
  const program: Program = {
    how: 'parlance',
    version: '1.2.3',
    own: [
      {
        name: 'start',
        doc: 'Runs the server.',
        args: {},
        act: async config => {
          ran.push(['start', config])
          return 7
        },
      },
      {
        name: 'storage copy',
        doc: 'Copies the database.',
        args: { to: { doc: 'where to', named: 'FILE' } },
        act: async (config, args) => {
          ran.push(['storage copy', { config, ...args }])
          return 0
        },
      },
    ],
    offline: commands.slice(0, 2),
    openDoor: async config => {
      if (broken) throw new CommandError('The configuration is bad.')
      ran.push(['door', config])
      return openLocalDoor(commands, async () => void closed++)
    },
    sentenceOn: fault => (fault instanceof CommandError ? fault.message : undefined),
  }

  /** What comes of a command line, with something piped into it. */
  async function type(line: string, input = '') {
    const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    terminal.stdin.end(input)
    const code = await runCli(line.split(' ').filter(Boolean), program, terminal)
    terminal.stdout.end()
    terminal.stderr.end()
    return { code, out: await text(terminal.stdout), err: await text(terminal.stderr) }
  }

  /** The same for somebody who sits at a terminal and answers when he is asked. */
  async function typeAt(line: string, answers: readonly string[]) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    const terminal = { stdin, stdout: new PassThrough(), stderr: new PassThrough() }
    let seen = ''
    const left = [...answers]
    terminal.stderr.on('data', async chunk => {
      seen += chunk
      if (!seen.endsWith(': ')) return
      await turn()
      stdin.write(left.shift() ?? '\x04')
    })
    const code = await runCli(line.split(' '), program, terminal)
    return { code, seen, out: String(terminal.stdout.read() ?? '') }
  }

  beforeEach(() => {
    ran = []
    closed = 0
    broken = false
  })

  it('runs a command with its arguments and prints what it says', async () => {
    const { code, out, err } = await type('room say hall hello --config x.yaml')

    assert.deepEqual([code, out, err], [0, 'Done.\n', ''])
    assert.deepEqual(ran, [
      ['door', 'x.yaml'],
      ['room say', { room: 'hall', text: 'hello' }],
    ])
    assert.equal(closed, 1)
  })

  it('takes the longest name that fits, and prints nothing when there is nothing to say', async () => {
    assert.deepEqual((await type('user')).code, 0)
    assert.deepEqual(await type('user remove romeo@verona'), { code: 0, out: '', err: '' })

    assert.deepEqual(
      ran.filter(([name]) => name !== 'door'),
      [
        ['user', {}],
        ['user remove', { jid: 'romeo@verona' }],
      ],
    )
  })

  it('does itself what needs no door', async () => {
    assert.equal((await type('start -c x.yaml')).code, 7)
    assert.deepEqual(ran, [['start', 'x.yaml']])
  })

  const given = () => ran.filter(([name]) => name !== 'door')

  it('takes what may be left out, in its place or by its name', async () => {
    for (const line of [
      'room list',
      'room list verona.example --all',
      'room save hall --to a.json --rows 05',
      'room save --to=a.json hall',
      'room close hall',
      'room close hall late',
      'storage copy --to b.sqlite -c x.yaml',
    ])
      assert.deepEqual((await type(line)).code, 0, line)

    assert.deepEqual(given(), [
      ['room list', {}],
      ['room list', { domain: 'verona.example', all: 'true' }],
      ['room save', { room: 'hall', to: 'a.json', rows: '5' }],
      ['room save', { room: 'hall', to: 'a.json' }],
      ['room close', { room: 'hall' }],
      ['room close', { room: 'hall', reason: 'late' }],
      ['storage copy', { config: 'x.yaml', to: 'b.sqlite' }],
    ])
  })

  it('refuses what an argument cannot be', async () => {
    const { code, err } = await type('room lock middle')

    assert.deepEqual([code, err], [1, '"middle" was found for level, one of low, high was expected.\n'])
    assert.equal((await type('room save hall --to a --rows many')).code, 1)
    assert.deepEqual(given(), [])
  })

  it('exits with 1 and one sentence when a command cannot be done', async () => {
    assert.deepEqual(await type('user remove ghost@elsinore'), { code: 1, out: '', err: 'There is no ghost.\n' })
    broken = true
    assert.deepEqual(await type('user remove romeo'), { code: 1, out: '', err: 'The configuration is bad.\n' })
  })

  it('shows the stack of what nobody foresaw, for whoever has to mend it', async () => {
    const { code, err } = await type('user remove bug')

    assert.equal(code, 1)
    assert.match(err, /^A fault of Parlance: Error: a bug\n +at /)
    assert.equal(closed, 1)
  })

  it('exits with 2, one sentence and a hint when the line makes no sense', async () => {
    const lines: [line: string, sentence: string, about: string][] = [
      ['', 'A command was expected.', ''],
      ['dance', 'There is no command "dance" among those that work while no server is running.', ''],
      ['room', '"room" was found, after which one of say, list, save, close, lock was expected.', 'room '],
      ['room save hall', 'room save: --to is missing.', 'room save '],
      ['room save hall --to', "Option '--to <value>' argument missing.", ''],
      ['room close hall a b', 'room close: one argument too many.', 'room close '],
      ['room say hall hello --to x', "Unknown option '--to'.", ''],
      ['room save --batch', 'room save: --batch means nothing here.', 'room save '],
      ['storage copy', 'storage copy: --to is missing.', 'storage copy '],
      ['user remove', 'user remove: JID is missing.', 'user remove '],
      ['user remove a b', 'user remove: one argument too many.', 'user remove '],
      [
        'user add a secret',
        'user add: one argument too many; a password is never taken from the command line.',
        'user add ',
      ],
      [
        'user add a',
        'user add: there is no terminal to ask for a password at, --password-stdin was expected.',
        'user add ',
      ],
      ['user add', 'user add: JID is missing.', 'user add '],
      ['user remove a --password-stdin', 'user remove: --password-stdin means nothing here.', 'user remove '],
      ['user add --batch --password-stdin', 'user add: --password-stdin means nothing here.', 'user add '],
      ['user add --batch a', 'user add: one argument too many.', 'user add '],
      ['user --batch', 'user: --batch means nothing here.', 'user '],
      ['start now', 'start: one argument too many.', 'start '],
      ['start --batch', 'start: --batch means nothing here.', 'start '],
      ['--colour', "Unknown option '--colour'.", ''],
      ['start --config', "Option '-c, --config <value>' argument missing.", ''],
      ['dance --help', 'There is no command "dance".', ''],
    ]
    for (const [line, sentence, about] of lines)
      assert.deepEqual(
        await type(line),
        { code: 2, out: '', err: `${sentence}\nMore: parlance ${about}--help\n` },
        line,
      )
    assert.deepEqual(
      ran.filter(([name]) => name !== 'door'),
      [],
    )
  })

  describe('help', () => {
    it('lists what there is', async () => {
      const { code, out } = await type('--help')

      assert.equal(code, 0)
      assert.match(out, /^Parlance 1\.2\.3, an XMPP server\.\n\nUsage: parlance COMMAND \[OPTION\]\.\.\.\n/)
      assert.match(out, /^ {2}start +Runs the server\.$/m)
      assert.match(out, /^ {2}room say ROOM TEXT +What room say does\.$/m)
      assert.match(out, /^ {2}user add JID +What user add does\.$/m)
      assert.equal(closed, 1)
    })

    it('is there for a group of commands, and for each', async () => {
      const group = await type('room --help')
      const one = await type('user add --help')

      assert.match(group.out, /^Usage: parlance room \.\.\. /)
      assert.ok(!group.out.includes('user add'))
      assert.match(one.out, /^Usage: parlance user add JID \[OPTION\]\.\.\.\n\nWhat user add does\.\n/)
      assert.match(one.out, /^ {2}JID +its address$/m)
      assert.match(one.out, /--password-stdin/)
      assert.match(one.out, /--batch +.*: JID PASSWORD$/m)
      assert.ok(!(await type('user remove --help')).out.includes('password'))
    })

    it('tells what may be left out, what has a name, and what it may be', async () => {
      const { out } = await type('room --help')

      assert.match(out, /^ {2}room list \[DOMAIN\] \[--all\] /m)
      assert.match(out, /^ {2}room save ROOM --to FILE \[--rows N\] /m)
      assert.match((await type('room lock --help')).out, /^ {2}LEVEL +how much: low, high$/m)
      assert.match((await type('room save --help')).out, /^ {2}--to FILE +where to$/m)
      assert.ok(!(await type('room save --help')).out.includes('--batch'))
    })

    it('is given even when the configuration cannot be read', async () => {
      broken = true

      const { code, out } = await type('--help')

      assert.equal(code, 0)
      assert.match(out, /user add/)
    })

    it('tells the version', async () => {
      assert.deepEqual(await type('--version'), { code: 0, out: '1.2.3\n', err: '' })
    })
  })

  describe('password', () => {
    const added = (password: string) => [
      ['door', undefined],
      ['user add', { jid: 'romeo@verona', password }],
    ]

    it('can be the first line of standard input', async () => {
      assert.equal((await type('user add romeo@verona --password-stdin', 'two words \r\nmore\n')).code, 0)
      assert.deepEqual(ran, added('two words '))
    })

    it('has to come, then, and be text', async () => {
      const nothing = await type('user add romeo@verona --password-stdin')
      const long = await type('user add romeo@verona --password-stdin', 'x'.repeat(100_000))

      assert.deepEqual(
        [nothing.code, nothing.err],
        [1, 'The password was expected on standard input, and nothing came.\n'],
      )
      assert.deepEqual([long.code, long.err], [1, 'A line has more than 65536 bytes.\n'])
    })

    it('is asked for twice at a terminal, and not shown', async () => {
      const { code, seen } = await typeAt('user add romeo@verona', ['rosaline\r', 'rosaline\r'])

      assert.equal(code, 0)
      assert.equal(seen, 'Password: \nOnce more: \n')
      assert.deepEqual(ran, added('rosaline'))
    })

    it('is taken back when the second is another', async () => {
      const { code, seen } = await typeAt('user add romeo@verona', ['rosaline\r', 'juliet\r'])

      assert.equal(code, 1)
      assert.match(seen, /\nThe two passwords differ\.\n$/)
      assert.deepEqual(ran, [['door', undefined]])
    })

    it('need not be given: Ctrl-C and Ctrl-D leave everything as it is', async () => {
      assert.equal((await typeAt('user add romeo@verona', ['ros\x03'])).code, 130)
      const left = await typeAt('user add romeo@verona', ['\x04'])
      assert.deepEqual([left.code, left.seen], [1, 'Password: \nNo password was given.\n'])
    })
  })

  describe('batch', () => {
    it('does it for each line, the last argument with all its spaces', async () => {
      const { code, out } = await type('user add --batch', 'a@verona one\n\nb@verona two words \r\nc@verona three')

      assert.deepEqual([code, out], [0, 'user add: 3 done, 0 failed\n'])
      assert.deepEqual(ran.slice(1), [
        ['user add', { jid: 'a@verona', password: 'one' }],
        ['user add', { jid: 'b@verona', password: 'two words ' }],
        ['user add', { jid: 'c@verona', password: 'three' }],
      ])
    })

    it('tells what could not be done with the number of its line, does the rest, and exits with 1', async () => {
      const removed = await type('user remove --batch', 'a@verona\nghost@elsinore\nb@verona\n')
      const added = await type('user add --batch', 'a@verona\n x\nb@verona x\n')

      assert.deepEqual(removed, {
        code: 1,
        out: 'user remove: 2 done, 1 failed\n',
        err: 'line 2: There is no ghost.\n',
      })
      assert.deepEqual(added, {
        code: 1,
        out: 'user add: 1 done, 2 failed\n',
        err: 'line 1: JID and PASSWORD were expected.\nline 2: JID and PASSWORD were expected.\n',
      })
    })

    it('takes lines without what may be left out', async () => {
      const { code } = await type('room close --batch', 'hall\nkitchen too late\n')

      assert.equal(code, 0)
      assert.deepEqual(given(), [
        ['room close', { room: 'hall' }],
        ['room close', { room: 'kitchen', reason: 'too late' }],
      ])
    })

    it('takes any number of lines', async () => {
      const lines = Array.from({ length: 1000 }, (_, i) => `user${i}@verona\n`)

      assert.equal((await type('user remove --batch', lines.join(''))).out, 'user remove: 1000 done, 0 failed\n')
      assert.equal(ran.length, 1001)
    })

    it('stops at a fault that nobody foresaw', async () => {
      const { code, err } = await type('user remove --batch', 'a@verona\nbug\n')

      assert.equal(code, 1)
      assert.match(err, /^A fault of Parlance: Error: a bug/)
      assert.equal(closed, 1)
    })
  })
})
