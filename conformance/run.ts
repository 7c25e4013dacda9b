/** `npm run conformance`: plays the wire scripts against a server that is there. See README.md. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Account, byCommand, inBand, newAccount } from './wire/accounts.js'
import { type Address, TRANSPORTS, type Transport } from './wire/link.js'
import { type Component, type Stage, verbs } from './wire/player.js'
import { count, json, junit, table } from './wire/report.js'
import { readScripts, SCRIPTS, type Script } from './wire/script.js'
import { playAll } from './wire/suite.js'
import { CLIENT } from './wire/xml.js'

const USAGE = `npm run conformance -- [options] [names of scripts, or the beginnings of names]
  --host HOST          127.0.0.1
  --port PORT          5222, or 5223 with --transport tls
  --domain DOMAIN      localhost
  --transport HOW      starttls, tls (from the first byte) or plain
  --adduser COMMAND    makes an account; {user} and {password} stand for themselves. Else by registration (XEP-0077)
  --admin USER:PASS    an account that may administer the server
  --component HOST:PORT:DOMAIN:SECRET
                       where an external component may connect (XEP-0114)
  --has NEED           what else there is that cannot be found out from outside, "privilege": can be given several times
  --only TEXT          scripts whose name or source has this in it: "RFC 6121 §8.5", xep0198
  --jobs N             scripts that are played at a time: 8
  --patience SECONDS   how long to wait for what should come: 5
  --junit FILE, --json FILE
                       the results for CI servers and programs
  --verbose            what went over the wire of each script that failed
  --verbs              what scripts can say`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    domain: { type: 'string', default: 'localhost' },
    transport: { type: 'string', default: 'starttls' },
    adduser: { type: 'string' },
    admin: { type: 'string' },
    component: { type: 'string' },
    has: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    jobs: { type: 'string', default: '8' },
    patience: { type: 'string', default: '5' },
    junit: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    verbs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  if (options.help) return console.log(USAGE)
  if (options.verbs) return console.log(verbs.map(({ form }) => form).join('\n'))
  const scripts = readScripts(SCRIPTS).filter(wanted)
  const results = await playAll(scripts, stage(), {
    jobs: Number(options.jobs),
    report({ script, outcome, reason, transcript }) {
      if (outcome !== 'failed') return
      console.log(`✖ ${script.name}: ${script.title}\n  ${reason?.replaceAll('\n', '\n  ')}`)
      if (options.verbose) console.log(transcript.map(line => `    ${line}`).join('\n'))
    },
  })
  if (options.junit) writeFileSync(options.junit, junit(results))
  if (options.json) writeFileSync(options.json, json(results))
  console.log(table(results))
  process.exitCode = count(results, 'failed') > 0 ? 1 : 0
}

function wanted({ name, sources }: Script): boolean {
  if (positionals.length > 0 && !positionals.some(start => name.startsWith(start))) return false
  const where = [name, ...sources.map(({ specification, section }) => `${specification} §${section}`)]
  return options.only === undefined || where.some(place => place.includes(options.only ?? ''))
}

function stage(): Stage {
  const address = addressOf()
  const make = options.adduser ? byCommand(options.adduser) : inBand(address)
  const accounts = new Map<string, Account>()
  if (options.admin) {
    const [, user = '', password = ''] = /^([^:]+):(.*)$/.exec(options.admin) ?? []
    accounts.set('admin', { user, password, jid: `${user}@${address.domain}` })
  }
  return {
    address,
    accounts,
    has: options.has,
    newAccount: name => newAccount(name, address.domain, make),
    ...(options.component && { component: componentOf(options.component) }),
  }
}

function componentOf(option: string): Component {
  const [host = '', port = '', domain = '', ...secret] = option.split(':')
  return { host, port: Number(port), domain, secret: secret.join(':') }
}

function addressOf(): Address {
  const transport = TRANSPORTS.find(known => known === options.transport)
  if (!transport) throw new Error(`not a transport: ${options.transport}\n${USAGE}`)
  const port = Number(options.port ?? USUAL_PORTS[transport])
  const patience = Number(options.patience) * 1000
  return { host: options.host, port, domain: options.domain, transport, namespace: CLIENT, patience }
}

const USUAL_PORTS: Readonly<Record<Transport, number>> = { plain: 5222, starttls: 5222, tls: 5223 }

await main()
