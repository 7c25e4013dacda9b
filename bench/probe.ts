/**
 * Loaded into a Node server of the bench (`--import`): tells its memory when it is asked, after a full collection if
 * the server was started with `--expose-gc`, and writes heap snapshots.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'

export interface Question {
  /** A heap snapshot's file; only the memory otherwise. */
  readonly snapshot?: string
}

process.on('message', async ({ snapshot }: Question) => {
  // what the first one finalises, the next ones can free
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await sleep(50)
  }
  if (snapshot !== undefined) writeHeapSnapshot(snapshot)
  process.send?.(process.memoryUsage())
})
process.channel?.unref()
