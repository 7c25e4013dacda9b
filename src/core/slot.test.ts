import assert from 'node:assert/strict'
import { Slot, Slots } from './slot.js'

describe('the slots of a session', () => {
  const quarrels = new Slot('quarrels', 0)
  const love = new Slot<string | undefined>('love', 'Rosaline')

  it('hold what each slot holds at first', () => {
    const slots = new Slots()

    assert.deepEqual([slots.get(quarrels), slots.get(love)], [0, 'Rosaline'])
  })

  it('hold what was put in last, also nothing', () => {
    const slots = new Slots()

    slots.set(quarrels, 1)
    slots.set(quarrels, 2)
    slots.set(love, undefined)

    assert.deepEqual([slots.get(quarrels), slots.get(love)], [2, undefined])
  })

  it('are each session’s own, and each slot’s, whatever its name is', () => {
    const [romeo, tybalt] = [new Slots(), new Slots()]
    const other = new Slot('quarrels', 7)

    romeo.set(quarrels, 1)

    assert.deepEqual([tybalt.get(quarrels), romeo.get(other)], [0, 7])
  })
})
