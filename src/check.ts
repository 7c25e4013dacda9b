import { access, constants } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { isAnswered } from './admin/socket.js'
import type { Config } from './config.js'
import { hasCode } from './core/system-error.js'
import { adminSocketIn, cannotListen, cannotUse, certificatesIn, listeningAt } from './server.js'
import type { Address } from './settings.js'
import { checkDriver } from './storage/index.js'
import { checkCertificates } from './tls/certificates.js'

/** What would keep a server from starting with this configuration: faults, most of them with a sentence for operators. */
export async function check(config: Config): Promise<readonly unknown[]> {
  const checks = [
    () => checkFolder(config.data),
    () => checkDriver(config.storage.client),
    () => checkCertificates({ domains: config.domains, folder: certificatesIn(config) }),
  ]
  // the ports of a server that runs are in use, by itself
  if (!(await isAnswered(adminSocketIn(config))))
    checks.push(
      ...listeningAt(config).map(
        ([name, at]) =>
          () =>
            checkPort(name, at),
      ),
    )
  const results = await Promise.allSettled(checks.map(check => check()))
  return results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
}

/** The folder that is there, or else the one that it would be made in. */
async function checkFolder(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (fault) {
    const parent = path.dirname(folder)
    if (!hasCode(fault, 'ENOENT') || parent === folder) throw cannotUse(folder, fault)
    await checkFolder(parent)
  }
}

function checkPort(name: string, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', fault => reject(cannotListen(name, at, fault)))
    server.listen(at, () => server.close(() => resolve()))
  })
}
