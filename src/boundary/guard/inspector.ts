import inspector from 'node:inspector'
import { type Exports, forbidden, type Refuse, replace } from './refusal.ts'

/** Closes the inspector: its port lets others in, and a session reaches what the guard keeps to itself. */
export function guardInspector(refuse: Refuse): void {
  replace(inspector as unknown as Exports, 'open', () => (port) => {
    refuse('inspector', `port ${String(port ?? 9229)}`)
    throw forbidden('opening the inspector')
  })
  for (const name of ['connect', 'connectToMainThread']) {
    replace(inspector.Session.prototype as unknown as Exports, name, () => () => {
      refuse('inspector', 'a session')
      throw forbidden('opening an inspector session')
    })
  }
}
