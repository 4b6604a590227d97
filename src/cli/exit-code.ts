/** 0 all good · 1 a gate fails · 2 usage or configuration · 3 inconclusive or nothing ran · 4 something broke · 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130

let chosen: ExitCode = 0

/** Says how the command that is running shall end the process; `main` does it. */
export function chooseExitCode(code: ExitCode): void {
  chosen = code
}

/** What the command chose; 0 unless it did. */
export function chosenExitCode(): ExitCode {
  return chosen
}
