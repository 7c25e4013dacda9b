import assert from 'node:assert/strict'
import { checkDriver } from './driver.js'
import { DatabaseError } from './errors.js'

describe('database driver', () => {
  const failing = (code: string, message: string) => async () => {
    throw Object.assign(new Error(message), code && { code })
  }

  for (const client of ['sqlite3', 'better-sqlite3', 'pg', 'mysql2'] as const)
    it(`${client} works here`, () => checkDriver(client))

  it('that npm did not build is explained', async () => {
    // as the package `bindings` says it
    const load = failing('', 'Could not locate the bindings file. Tried:\n → /srv/node_modules/sqlite3/build/…')

    await assert.rejects(checkDriver('sqlite3', load), {
      name: 'DatabaseError',
      message:
        'The native part of sqlite3 is missing, for npm did not run its install script: run "npm rebuild sqlite3", ' +
        'or install with "--allow-scripts=sqlite3".',
    })
  })

  it('of another machine is explained', async () => {
    const load = failing('ERR_DLOPEN_FAILED', "/lib/libm.so.6: version `GLIBC_2.38' not found")

    await assert.rejects(checkDriver('sqlite3', load), /does not fit this machine: run "npm rebuild sqlite3/)
  })

  it('that is not installed is explained', async () => {
    const load = () => import('no-such-driver' + '')
    const packages = {
      sqlite3: 'sqlite3@6',
      'better-sqlite3': 'better-sqlite3@12',
      pg: 'pg@8',
      mysql2: 'mysql2@3',
    } as const

    for (const client of ['sqlite3', 'better-sqlite3', 'pg', 'mysql2'] as const)
      await assert.rejects(checkDriver(client, load), fault => {
        assert.ok(fault instanceof DatabaseError)
        assert.equal(
          fault.message,
          `The database driver ${client} is not installed: run "npm install ${packages[client]}".`,
        )
        return true
      })
  })
})
