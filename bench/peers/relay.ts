/** The bare Node relay of ../relay.ts. */
import { fileURLToPath } from 'node:url'
import type { MakePeer } from './peer.js'

export const relay: MakePeer = ({ port, nodeFlags }) => ({
  framing: 'line',
  prepare: async () => {},
  command: [process.execPath, ...nodeFlags, fileURLToPath(new URL('../relay.js', import.meta.url)), String(port)],
})
