import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { ConfigError, readFields } from '../core/config.js'
import { readStorage, storageFields } from './settings.js'

describe('storage settings', () => {
  const read = (written: object) =>
    readStorage(readFields(storageFields, written, 'storage'), 'storage', { base: '/etc/parlance', data: '/srv/data' })

  const refusal = (written: object): string => {
    try {
      read(written)
    } catch (fault) {
      assert.ok(fault instanceof ConfigError, String(fault))
      assert.doesNotMatch(fault.message, /s3cret|\n/)
      return fault.message
    }
    return assert.fail('it was accepted')
  }

  it('are a file in the data folder when nothing is said', () => {
    assert.deepEqual(read({}), {
      client: 'sqlite3',
      connection: { filename: '/srv/data/parlance.sqlite' },
      pool: { min: 0, max: 4, acquireTimeoutMillis: 10_000 },
      wait: 5000,
      statementTimeout: 30_000,
    })
    assert.deepEqual(read({ client: 'better-sqlite3', connection: { filename: 'x.sqlite' } }).connection, {
      filename: '/etc/parlance/x.sqlite',
    })
  })

  it('take the words of Knex for a database', () => {
    const connection = { database: 'verona' }
    const clients = (names: readonly string[]) => new Set(names.map(client => read({ client, connection }).client))

    assert.deepEqual(clients(['pg', 'postgres', 'postgresql']), new Set(['pg']))
    assert.deepEqual(clients(['mysql2', 'mysql', 'mariadb']), new Set(['mysql2']))
    assert.equal(read({ client: 'sqlite' }).client, 'sqlite3')
    assert.equal(
      refusal({ client: 'oracledb' }),
      'storage.client: "oracledb" was found, one of sqlite3, better-sqlite3, pg, mysql2 was expected',
    )
  })

  it('say where a server is', () => {
    const written = { host: 'db.verona.example', port: 5433, user: 'romeo', password: 's3cret', database: 'verona' }

    assert.deepEqual(read({ client: 'pg', connection: written }).connection, { ...written, ssl: false })
    assert.deepEqual(read({ client: 'pg', connection: { database: 'verona', ssl: { ca: 'ca.pem' } } }).connection, {
      host: 'localhost',
      user: userInfo().username,
      database: 'verona',
      ssl: { ca: '/etc/parlance/ca.pem' },
    })
  })

  it('say the same by an address', () => {
    assert.deepEqual(
      read({ client: 'pg', connection: 'postgres://romeo:s3cret%2F@db.verona.example:5433/verona?sslmode=require' })
        .connection,
      {
        host: 'db.verona.example',
        port: 5433,
        user: 'romeo',
        password: 's3cret/',
        database: 'verona',
        ssl: true,
      },
    )
    assert.deepEqual(read({ client: 'mysql', connection: 'mysql://romeo@[::1]/verona' }).connection, {
      host: '::1',
      user: 'romeo',
      database: 'verona',
      ssl: false,
    })
    assert.deepEqual(
      read({ client: 'pg', connection: 'postgresql://%2Fvar%2Frun%2Fpostgresql/verona?ssl=false' }).connection,
      { host: '/var/run/postgresql', user: userInfo().username, database: 'verona', ssl: false },
    )
  })

  it('are refused when they are of another database, and never said again', () => {
    const server =
      /^storage\.connection: something else was found, a database such as \{ host: localhost, .* was expected$/
    const file =
      'storage.connection: something else was found, a file such as { filename: ./data/parlance.sqlite } was expected'

    assert.match(refusal({ client: 'pg' }), server)
    assert.match(refusal({ client: 'pg', connection: 7 }), server)
    assert.equal(refusal({ connection: 'postgres://romeo:s3cret@localhost/verona' }), file)
    assert.equal(refusal({ connection: { filename: '' } }), file)
    assert.match(
      refusal({ connection: { host: 'localhost' } }),
      /connection\.host: unknown setting; known here: filename$/,
    )
    assert.match(
      refusal({ client: 'mysql2', connection: 'postgres://romeo:s3cret@localhost/verona' }),
      /an address such as mysql:\/\/user:password@host\/database was expected$/,
    )
    assert.match(refusal({ client: 'pg', connection: 'postgres://romeo:s3cret%@localhost/verona' }), /a % is followed/)
    assert.match(
      refusal({ client: 'pg', connection: 'postgres://localhost/verona?sslmode=maybe' }),
      /ssl=true or ssl=false/,
    )
    assert.match(
      refusal({ client: 'pg', connection: { filename: 'x' } }),
      /filename: unknown setting; known here: host, /,
    )
    assert.equal(
      refusal({ client: 'pg', connection: { host: 'localhost' } }),
      'storage.connection.database: something else was found, a name was expected',
    )
    assert.equal(
      refusal({ client: 'pg', connection: { database: 'verona', password: 5432 } }),
      'storage.connection.password: something else was found, a text in quotes was expected',
    )
    assert.match(
      refusal({ client: 'pg', connection: { database: 'verona', ssl: 'yes' } }),
      /true, false or \{ ca: FILE \}/,
    )
  })

  it('bound the connections, and how long one is waited for', () => {
    assert.deepEqual(read({ pool: { max: 9 } }).pool, { min: 0, max: 9, acquireTimeoutMillis: 10_000 })
    for (const pool of [{ min: 2, max: 1 }, { max: 0 }, { most: 3 }, { max: 'many' }, { acquireTimeoutMillis: 0 }, 3])
      assert.match(refusal({ pool }), /^storage\.pool: .* was found, numbers such as \{ min: 0, max: 4, /)
  })
})
