import { BODY_FAULTS } from './catalogue/bodies.ts'
import { CLIENT_ACTS } from './catalogue/client-acts.ts'
import { CONNECTION_FAULTS } from './catalogue/connections.ts'
import { EVENT_FAULTS } from './catalogue/events.ts'
import { HEAD_FAULTS } from './catalogue/heads.ts'
import type { Fault } from './fault.ts'

/** Everything that goes wrong, or is odd, between an agent and a server: one entry a row of `docs/faults.md`. */
export const GROUPS: Record<string, Record<string, Fault>> = {
  Connections: CONNECTION_FAULTS,
  'Heads and statuses': HEAD_FAULTS,
  Bodies: BODY_FAULTS,
  'Streams of events': EVENT_FAULTS,
  'What the client does': CLIENT_ACTS,
}

export const FAULTS: Record<string, Fault> = Object.assign({}, ...Object.values(GROUPS))
