/** Something that keeps two replays of one agent from being equal, or its verdicts from resting on the recording alone. */
export interface ExaminationFinding {
  /**
   * `broken`: a replay came to no end. `not_recorded`: a request that no replay gets an answer to. `differs`: a request, or the end of the run,
   * that depends on chance or on the clock. `refused`: an attempt to get out. `source`: something that the recording does not hold.
   */
  kind: 'broken' | 'not_recorded' | 'differs' | 'refused' | 'source'
  /** What it is, in one line. */
  what: string
  /** Where in the agent's code, `file:line:column`; null where that is not known. */
  at: string | null
  /** What to do about it, one imperative sentence each; none for what is no obstacle. */
  remedies: string[]
  /** Why it is no obstacle; null when it is one. */
  settled: string | null
}

/** What two replays of the unfixed agent showed. */
export interface Examination {
  scenario: string
  agent: string
  findings: ExaminationFinding[]
  /** `clean`: nothing is an obstacle. `broken`: the harness failed. */
  finding: 'clean' | 'not_clean' | 'broken'
}
