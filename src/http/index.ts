export { type HttpLimits, httpLimits } from './limits.js'
export { Monitor } from './monitor.js'
export { Readiness } from './readiness.js'
