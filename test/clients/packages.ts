export { packageVersion, requirePackages } from '../../conformance/servers/packages.js'
