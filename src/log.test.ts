import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'

describe('the log', () => {
  it('says more or less from one line to the next, through whomever it is written', () => {
    const script = `
      import { openLog } from ${JSON.stringify(path.join(import.meta.dirname, 'log.js'))}
      const log = openLog('warn')
      const child = log.child({ module: 'ping' }).child({ user: 'romeo' })
      const all = step => {
        for (const level of ['debug', 'info', 'warn', 'error']) child[level]({ step }, level)
      }
      all(1)
      log.level = 'debug'
      all(2)
      log.level = 'silent'
      all(3)
      log.level = 'error'
      all(4)
      log.info({}, 'not this')
    `
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })

    const lines = stderr
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.deepEqual(
      lines.map(({ step, level, msg }) => [step, level, msg]),
      [
        [1, 'warn', 'warn'],
        [1, 'error', 'error'],
        ...['debug', 'info', 'warn', 'error'].map(level => [2, level, level]),
        [4, 'error', 'error'],
      ],
    )
    for (const { module, user, time } of lines) {
      assert.deepEqual([module, user], ['ping', 'romeo'])
      assert.ok(!Number.isNaN(Date.parse(time)))
    }
  })
})
