/** What runs, as far as it concerns somebody who has just started it. */
export interface Facts {
  /** How the program is called for other things: `node dist/main.js`. */
  readonly how: string
  /** What has to be added to find the same server: `--config x.yaml`, or nothing. */
  readonly options: string
  readonly version: string
  readonly domains: readonly { readonly domain: string; readonly file: string; readonly selfSigned: boolean }[]
  readonly doors: readonly { readonly how: string; readonly host?: string; readonly port: number }[]
  readonly data: string
}

/** A few lines for a person: what is running, and what to do next. */
export function welcome(facts: Facts): string {
  const [{ domain = 'localhost' } = {}] = facts.domains
  const doors = facts.doors.map(({ how, host, port }) => `port ${port}${host ? ` of ${host}` : ''} (${how})`)
  return [
    `Parlance ${facts.version} is running.`,
    '',
    `  Domains   ${facts.domains.map(({ domain }) => domain).join(', ')}`,
    `  Clients   ${doors.join(', ') || 'nowhere: c2s and c2s-tls are off'}`,
    `  Data      ${facts.data}`,
    '',
    'Make an account:',
    `  ${[facts.how, 'user add', `NAME@${domain}`, facts.options].filter(Boolean).join(' ')}`,
    '',
    `Then log in with any XMPP client as NAME@${domain}.`,
    ...whereToConnect(facts, domain),
    ...whatToTrust(facts),
    '',
  ].join('\n')
}

const whereToConnect = ({ doors: [door] }: Facts, domain: string): readonly string[] =>
  door ? [`If it does not find ${domain}: its server is ${door.host ?? 'this machine'}, its port ${door.port}.`] : []

function whatToTrust({ domains }: Facts): readonly string[] {
  const files = domains.filter(({ selfSigned }) => selfSigned).map(({ file }) => `  ${file}`)
  return files.length > 0 ? ['It will ask whether to trust the certificate, which is self-signed:', ...files] : []
}
