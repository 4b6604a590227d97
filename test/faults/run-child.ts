import { join } from 'node:path'

export const CLIENT_NAMES = [
  'fetch',
  'undici fetch',
  'undici request',
  'node:http',
  'axios',
  'got',
  'openai',
  'anthropic',
] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

const AUTHORITY = join(import.meta.dirname, 'certificates', 'authority.pem')
/** Loading the SDKs is most of what a process of the matrix has to do. */
const COMPILED = join(import.meta.dirname, '../../.retrial/cache')

/** The environment of a process that runs cases by one client. */
export function childEnvironment(client: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  return { PATH, HOME, NODE_EXTRA_CA_CERTS: AUTHORITY, NODE_COMPILE_CACHE: COMPILED, FAULTS_CLIENT: client }
}
