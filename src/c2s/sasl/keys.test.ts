import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { encodeBase64, encodeText } from './encoding.js'
import { deriveKeys, fakeKeys, newKeys, saltBytes, sameBytes, scramHashes } from './keys.js'

describe('SCRAM keys', () => {
  it('are what other servers keep for a password', async () => {
    const derivation = { salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), iterations: 4096 }

    const keys = await deriveKeys('pencil', 'SHA-256', derivation)

    assert.equal(encodeBase64(keys.storedKey), 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=')
    assert.equal(encodeBase64(keys.serverKey), 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=')
  })

  it('are made for every hash, each with a salt of its own, from the prepared password', async () => {
    const prepare = (text: string) => text.replaceAll('\u00a0', ' ')

    const keys = await newKeys('star\u00a0crossed', { prepare, random: randomBytes, iterations: 16 })

    assert.deepEqual([...keys.keys()], ['SHA-512', 'SHA-256', 'SHA-1'])
    assert.equal(new Set([...keys.values()].map(each => encodeBase64(each.salt))).size, 3)
    for (const [hash, kept] of keys) {
      assert.equal(kept.salt.length, saltBytes)
      assert.deepEqual(await deriveKeys('star crossed', hash, kept), kept)
    }
  })

  it('are not made for a password that cannot be prepared', async () => {
    const prepare = () => {
      throw new Error('empty')
    }

    await assert.rejects(newKeys('', { prepare, random: randomBytes, iterations: 16 }), /empty/)
  })

  it('of an unknown account have the shape of real ones and stay the same', async () => {
    for (const hash of scramHashes) {
      const fake = fakeKeys('nobody', hash, verona)
      const real = await deriveKeys('wherefore', hash, { salt: randomBytes(saltBytes), iterations: 16 })

      assert.deepEqual(fakeKeys('nobody', hash, verona), fake)
      for (const key of ['salt', 'storedKey', 'serverKey'] as const) assert.equal(fake[key].length, real[key].length)
      assert.equal(fake.iterations, real.iterations)
    }
  })

  it('of unknown accounts differ by user, hash, domain and server', () => {
    const salts = [
      fakeKeys('nobody', 'SHA-1', verona),
      fakeKeys('somebody', 'SHA-1', verona),
      fakeKeys('nobody', 'SHA-256', verona),
      fakeKeys('nobody', 'SHA-1', { ...verona, domain: 'mantua.example' }),
      fakeKeys('nobody', 'SHA-1', { ...verona, serverSecret: encodeText('another secret') }),
    ].map(keys => encodeBase64(keys.salt))

    assert.equal(new Set(salts).size, salts.length)
  })

  it('are compared whole', () => {
    assert.equal(sameBytes(encodeText('rose'), encodeText('rose')), true)
    assert.equal(sameBytes(encodeText('rose'), encodeText('nose')), false)
    assert.equal(sameBytes(encodeText('rose'), encodeText('roses')), false)
  })
})

const verona = { serverSecret: encodeText('a plague on both your houses'), domain: 'verona.example', iterations: 16 }
