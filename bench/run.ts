/**
 * Compares servers under the same load in the same run: see README.md.
 *
 *     npm run bench -- chat --against parlance,prosody,prosody-gen,relay --rounds 3
 *     npm run bench -- idle --sessions 10000
 *     npm run bench -- churn --cycles 10000
 */
import { chat } from './chat.js'
import { churn } from './churn.js'
import { idle } from './idle.js'

const scenarios: Readonly<Record<string, (args: string[]) => Promise<void>>> = { chat, idle, churn }

const [name = '', ...args] = process.argv.slice(2)
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
if (!scenario) throw new Error(`usage: bench ${Object.keys(scenarios).join('|')} [options], see bench/README.md`)
await scenario(args)
