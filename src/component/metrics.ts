import { gauge, type Metric, type Sample } from '../core/metrics.js'
import type { Registry } from './registry.js'
import type { ServedComponent } from './served.js'

/** What operators can watch of components: each that is configured, by its domain. */
export const componentMetrics = (registry: Registry): readonly Metric[] => {
  const each = (of: (component: ServedComponent) => number) => (): readonly Sample[] =>
    [...registry.all()].map(component => ({
      labels: { component: component.jid.toString() },
      value: of(component),
    }))
  return [
    gauge(
      { name: 'parlance_component_connected', doc: 'Whether a component is connected (1) or not (0).' },
      each(({ isConnected }) => Number(isConnected)),
    ),
    gauge(
      { name: 'parlance_component_backlog_bytes', unit: 'bytes', doc: 'What a component has not read yet.' },
      each(({ line }) => line?.backlog ?? 0),
    ),
  ]
}
