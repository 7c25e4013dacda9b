export { freePorts } from '../conformance/servers/ports.js'
