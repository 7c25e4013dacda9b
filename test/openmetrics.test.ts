import assert from 'node:assert/strict'
import { readOpenMetrics } from './openmetrics.js'

const GOOD = String.raw`# TYPE letters counter
# HELP letters Letters \"by\" house\nand \\ more.
letters_total{house="Mon\"tague\n"} 2
letters_total{house="Capulet",state="lost"} 0
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_count 2
wait_seconds_sum 1e+21
# TYPE delay summary
delay{quantile="0.99"} NaN
delay{quantile="1.0"} 0.25
delay_count 3
delay_sum 0.5
# EOF
`

describe('the strict reader of OpenMetrics', () => {
  it('reads what is good', () => {
    const [letters, wait, delay] = readOpenMetrics(GOOD)

    assert.deepEqual(letters?.samples, [
      { name: 'letters_total', labels: { house: 'Mon"tague\n' }, value: 2 },
      { name: 'letters_total', labels: { house: 'Capulet', state: 'lost' }, value: 0 },
    ])
    assert.deepEqual([wait?.type, wait?.unit, delay?.type], ['histogram', 'seconds', 'summary'])
    assert.deepEqual(readOpenMetrics('# EOF\n'), [])
  })

  for (const [what, from, to] of [
    ['no end', '# EOF\n', ''],
    ['something behind the end', '# EOF\n', '# EOF\n\n'],
    ['an empty line', '# TYPE wait', '\n# TYPE wait'],
    ['a carriage return', '} 2\n', '} 2\r\n'],
    ['a comment', '# TYPE delay', '# by us\n# TYPE delay'],
    ['a second type', '# HELP letters', '# TYPE letters counter\n# HELP letters'],
    ['a type that there is not', 'summary', 'bag'],
    ['metadata behind samples', '# TYPE delay', '# HELP wait_seconds Late.\n# TYPE delay'],
    ['a family that came before', '# EOF', '# TYPE letters counter\n# EOF'],
    ['a unit that is not in the name', 'UNIT wait_seconds seconds', 'UNIT wait_seconds bytes'],
    ['a quote that is not escaped in a sentence', 'Letters ', 'Letters " '],
    ['a quote that is not escaped in a label', 'Capulet"', 'Cap"ulet"'],
    ['an escape that there is not', 'Capulet', String.raw`Cap\tulet`],
    ['a comma behind the last label', 'state="lost"', 'state="lost",'],
    ['a label twice', 'state="lost"', 'house="lost"'],
    ['a counter without its suffix', 'letters_total{house="Cap', 'letters{house="Cap'],
    ['a counter whose name has it', 'TYPE letters counter', 'TYPE letters_total counter'],
    ['a counter that is less than zero', 'lost"} 0', 'lost"} -1'],
    ['a value that is none', 'lost"} 0', 'lost"} none'],
    ['a sample of another family', '# EOF', 'letters_total{house="Paris"} 1\n# EOF'],
    ['the same sample twice', 'delay_count 3', 'delay_count 3\ndelay_count 3'],
    ['a bound that is not canonical', 'le="0.5"', 'le="1"'],
    ['a quantile that is not canonical', 'quantile="1.0"', 'quantile="1"'],
    ['a quantile that can be none', 'quantile="1.0"', 'quantile="1.5"'],
    ['a histogram without a last bucket', 'le="+Inf"', 'le="0.75"'],
    ['buckets that go down', 'le="0.5"} 1', 'le="0.5"} 3'],
    ['a count that is another than that of the last bucket', 'seconds_count 2', 'seconds_count 3'],
    ['families with samples of one name', '# EOF', '# TYPE letters_total gauge\n# EOF'],
  ] as const)
    it(`does not take ${what}`, () => {
      assert.ok(GOOD.includes(from))
      assert.throws(() => readOpenMetrics(GOOD.replace(from, to)), assert.AssertionError)
    })
})
