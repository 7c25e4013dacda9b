import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { ADMIN, administration, runs as runsBy } from './ad-hoc-administration-fixture.test.js'
import { formOf, told } from './ad-hoc-fixture.test.js'

const JULIET = 'juliet@verona.example'
const ROMEO = 'romeo@verona.example'

describe('the list of administrators (XEP-0133 §4.29)', () => {
  const listed = async (runs: (node: string) => ReturnType<typeof runsBy>) =>
    formOf(await runs('edit-admin')).fields.find(({ var: name }) => name === 'adminjids')?.values

  it('has those of the configuration, and lets them appoint others', async () => {
    const { kit, runs } = await administration()
    const romeo = await kit.connects('romeo')
    assert.deepEqual(await listed(runs), [JULIET])

    const reply = await runs('edit-admin', { adminjids: [JULIET, 'Romeo@verona.example'] })

    assert.equal(told(reply), `completed ${ADMIN}#edit-admin; info: Administrators: ${JULIET}, ${ROMEO}.`)
    assert.deepEqual(await listed(runs), [JULIET, ROMEO])
    assert.match(told(await runsBy(romeo, 'get-online-users-num', undefined)), /^completed/)
  })

  it('takes what was given, but not what the configuration says', async () => {
    const { kit, runs } = await administration()
    const romeo = await kit.connects('romeo')
    await runs('edit-admin', { adminjids: [JULIET, ROMEO] })

    assert.equal(told(await runs('edit-admin', { adminjids: [ROMEO] })), 'error cancel not-allowed')
    await runs('edit-admin', { adminjids: [JULIET] })

    assert.equal(told(await runsBy(romeo, 'get-online-users-num', undefined)), 'error cancel forbidden')
    assert.deepEqual(await listed(runs), [JULIET])
  })

  it('stays as it is when it is sent back without it', async () => {
    const { runs } = await administration()
    await runs('edit-admin', { adminjids: [JULIET, ROMEO] })

    await runs('edit-admin', {})

    assert.deepEqual(await listed(runs), [JULIET, ROMEO])
  })

  it('has accounts in it, and not too many', async () => {
    const { runs } = await administration({ settings: { admins: { maxAppointed: 1 } } })

    for (const wrong of ['verona.example', `${ROMEO}/orchard`, 'nurse@verona.example'])
      assert.match(told(await runs('edit-admin', { adminjids: [JULIET, ROMEO, wrong] })), /^completed .*; error: /)
    assert.deepEqual(await listed(runs), [JULIET])
    assert.match(told(await runs('edit-admin', { adminjids: [JULIET, 'friar@mantua.example'] })), /^completed/)
  })

  it('is kept when the server begins anew', async () => {
    const { kit, runs } = await administration()
    await runs('edit-admin', { adminjids: [JULIET, ROMEO] })

    const after = await administration({ storage: kit.storage })
    await settled()

    assert.match(told(await runsBy(await after.kit.connects('romeo'), 'get-online-users-num', undefined)), /^completed/)
  })

  it('is shown on the command line with whom each has it from', async () => {
    const { prints } = await administration()

    await prints('admin set', { jids: `${JULIET}\n${ROMEO}\n` })

    assert.equal(
      await prints('admin list'),
      `ADMINISTRATOR          BY\n${JULIET}  the configuration\n${ROMEO}   an administrator`,
    )
  })
})
