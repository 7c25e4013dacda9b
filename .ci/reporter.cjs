/** Mocha's spec output for people, and the counts in the file that PARLANCE_TEST_COUNTS names for .ci/run. */
const { writeFileSync } = require('node:fs')
const { Runner, reporters } = require('mocha')

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      writeFileSync(process.env.PARLANCE_TEST_COUNTS, `${passes} ${failures} ${pending}\n`)
    })
  }
}
