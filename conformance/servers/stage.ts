import { inBand, newAccount } from '../wire/accounts.js'
import type { Transport } from '../wire/link.js'
import type { Stage } from '../wire/player.js'
import { CLIENT } from '../wire/xml.js'
import type { Server } from './index.js'

/** What scripts have to know of a server that was started here. */
export function stageOf(server: Server, transport: Transport): Stage {
  const { host, domain, ports, admin, component } = server
  const port = { plain: ports.plain ?? 0, starttls: ports.c2s, tls: ports.c2sTls }[transport]
  const address = { host, port, domain, transport, namespace: CLIENT, patience: 10_000 }
  const [user = ''] = admin.jid.split('@')
  return {
    address,
    component: { host, ...component },
    accounts: new Map([['admin', { user, ...admin }]]),
    newAccount: called => newAccount(called, domain, inBand(address)),
  }
}
