import assert from 'node:assert/strict'
import { checkDriver } from './driver.js'
import { DatabaseError } from './errors.js'

describe('database driver', () => {
  const failing = (code: string, message: string) => async () => {
    throw Object.assign(new Error(message), code && { code })
  }

  it('works here', () => checkDriver('sqlite3'))

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

    await assert.rejects(checkDriver('sqlite3', load), fault => {
      assert.ok(fault instanceof DatabaseError)
      assert.match(fault.message, /not installed: run "npm install sqlite3@6"/)
      return true
    })
  })
})
