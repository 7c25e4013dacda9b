/** A strict reader of OpenMetrics 1.0 text: it takes nothing that the specification does not, and says what that is. */
import assert from 'node:assert/strict'

export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadFamily {
  readonly name: string
  type: string
  unit: string
  help: string | undefined
  readonly samples: ReadSample[]
}

/** What each type's samples are called behind the name of the family. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [''],
  unknown: [''],
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*="((?:[^"\\\n]|\\[n"\\])*)"(?:,|$)/
const NUMBER = /^(?:[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]?\.\d+|NaN|[+-]?Inf)$/
/** With a point or an exponent, as Go writes it (Canonical Numbers). */
const CANONICAL = /^(?:\+Inf|-?(?:\d+\.\d+|\d(?:\.\d+)?e[+-]\d\d+))$/
const ESCAPED = /^(?:[^"\\\n]|\\[n"\\])*$/

/** The families of a whole exposition. Throws when it is none. */
export function readOpenMetrics(text: string): readonly ReadFamily[] {
  assert.ok(text.endsWith('\n# EOF\n') || text === '# EOF\n', 'the end is # EOF and a line feed')
  assert.ok(!text.includes('\r'), 'lines end with a line feed alone')
  const families = new Map<string, ReadFamily>()
  let current: ReadFamily | undefined
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    if (line.startsWith('#')) current = readMetadata(line, families, current)
    else readSample(line, current ?? assert.fail(`${line}: without a family`))
  }
  const all = [...families.values()]
  for (const family of all) check(family)
  refuseClashes(all)
  return all
}

function readMetadata(line: string, families: Map<string, ReadFamily>, current: ReadFamily | undefined): ReadFamily {
  const [, word, name = '', rest = ''] = /^# (TYPE|UNIT|HELP) (\S+)(?: (.*))?$/.exec(line) ?? assert.fail(line)
  assert.match(name, NAME, line)
  const isSame = current?.name === name
  assert.ok(isSame || !families.has(name), `${line}: the family came before`)
  const family = isSame ? current : { name, type: '', unit: '', help: undefined, samples: [] }
  families.set(name, family)
  assert.equal(family.samples.length, 0, `${line}: after samples`)
  if (word === 'TYPE') {
    assert.equal(family.type, '', `${line}: a second time`)
    assert.ok(Object.hasOwn(SUFFIXES, rest), line)
    family.type = rest
  } else if (word === 'UNIT') {
    assert.equal(family.unit, '', `${line}: a second time`)
    assert.ok(rest !== '' && name.endsWith(`_${rest}`), `${line}: the name ends with the unit`)
    family.unit = rest
  } else {
    assert.equal(family.help, undefined, `${line}: a second time`)
    assert.match(rest, ESCAPED, line)
    family.help = rest
  }
  return family
}

function readSample(line: string, family: ReadFamily): void {
  const [, name = '', braces, value = ''] = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? assert.fail(line)
  const suffixes = SUFFIXES[family.type || 'unknown'] ?? []
  assert.ok(
    name.startsWith(family.name) && suffixes.includes(name.slice(family.name.length)),
    `${line}: another family`,
  )
  assert.match(value, NUMBER, line)
  family.samples.push({ name, labels: readLabels(braces ?? '', line), value: Number(value.replace('Inf', 'Infinity')) })
}

function readLabels(text: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (let rest = text; rest !== ''; ) {
    const [whole, written = ''] = LABEL.exec(rest) ?? assert.fail(`${line}: ${rest}`)
    const name = whole.slice(0, whole.indexOf('='))
    assert.ok(!Object.hasOwn(labels, name), `${line}: ${name} twice`)
    labels[name] = written.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
    rest = rest.slice(whole.length)
    assert.ok(rest !== '' || !whole.endsWith(','), `${line}: a comma at the end`)
  }
  return labels
}

function check(family: ReadFamily): void {
  const { name, type, samples } = family
  assert.ok(type !== 'counter' || !name.endsWith('_total'), `${name}: the suffix is the sample's`)
  const seen = new Set<string>()
  const metrics = new Map<string, ReadSample[]>()
  let last: string | undefined
  for (const sample of samples) {
    const whole = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
    assert.ok(!seen.has(whole), `${whole}: twice`)
    seen.add(whole)
    const { le: _, quantile: __, ...own } = sample.labels
    const metric = JSON.stringify(Object.entries(own).sort())
    assert.ok(metric === last || !metrics.has(metric), `${whole}: between others`)
    last = metric
    metrics.set(metric, [...(metrics.get(metric) ?? []), sample])
    checkValue(family, sample)
  }
  if (type === 'histogram') for (const metric of metrics.values()) checkBuckets(family, metric)
}

function checkValue({ name, type }: ReadFamily, { name: sample, labels, value }: ReadSample): void {
  const suffix = sample.slice(name.length)
  const isCount = type === 'counter' || ['_bucket', '_count', '_sum'].includes(suffix)
  assert.ok(!isCount || value >= 0, `${sample} ${value}: never less than zero, and a number`)
  if (['_bucket', '_count'].includes(suffix)) assert.ok(Number.isInteger(value), `${sample} ${value}: whole`)
  if (suffix === '_bucket') assert.match(labels.le ?? '', CANONICAL, `${sample}: le="${labels.le}"`)
  if (type !== 'summary' || suffix !== '') return
  assert.match(labels.quantile ?? '', CANONICAL, `${sample}: quantile="${labels.quantile}"`)
  const quantile = Number(labels.quantile)
  assert.ok(quantile >= 0 && quantile <= 1, `${sample}: quantile="${labels.quantile}"`)
  assert.ok(!(value < 0), `${sample}: less than zero`)
}

function checkBuckets({ name }: ReadFamily, metric: readonly ReadSample[]): void {
  const buckets = metric.filter(sample => sample.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels: { le = '' } }) => Number(le.replace('Inf', 'Infinity')))
  assert.equal(bounds.at(-1), Infinity, `${name}: the last bucket has all`)
  for (let i = 1; i < buckets.length; i++) {
    assert.ok((bounds[i] ?? 0) > (bounds[i - 1] ?? 0), `${name}: bounds ascend`)
    assert.ok((buckets[i]?.value ?? 0) >= (buckets[i - 1]?.value ?? 0), `${name}: buckets have those before them, too`)
  }
  const count = metric.find(sample => sample.name === `${name}_count`)
  if (count) assert.equal(count.value, buckets.at(-1)?.value, `${name}: the count is that of the last bucket`)
}

/** No two families can have samples of one name. */
function refuseClashes(families: readonly ReadFamily[]): void {
  const owners = new Map<string, string>()
  for (const { name, type } of families) {
    for (const suffix of new Set(['', ...(SUFFIXES[type || 'unknown'] ?? [])])) {
      const owner = owners.get(name + suffix)
      assert.equal(owner, undefined, `${name}${suffix} is of ${owner}, too`)
      owners.set(name + suffix, name)
    }
  }
}
