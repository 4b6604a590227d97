/** What the verdict table is read by: which roles of the incident a candidate's run shows. */
export interface RolesPresent {
  trigger: boolean
  cause: boolean
  symptom: boolean
}

export type TableVerdict = 'fixed' | 'masked' | 'refuted' | 'not_fixed' | 'bypassed'

/**
 * Reads the verdict table for a run on good evidence. `fixed` is the last line and asks for three explicit booleans:
 * whatever is not known to be gone counts as present.
 */
export function lookUpVerdict({ trigger, cause, symptom }: RolesPresent): TableVerdict {
  if (trigger !== true) return symptom === false ? 'bypassed' : 'not_fixed'
  if (symptom !== false) return cause === false ? 'refuted' : 'not_fixed'
  if (cause !== false) return 'masked'
  return 'fixed'
}
