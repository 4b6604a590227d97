let chosen = 0

/**
 * Says how the command that is running shall end the process; `main` does it.
 * 0 all good · 1 a gate fails · 2 usage or configuration · 3 inconclusive or nothing ran · 4 something broke · 130 interrupted;
 * `record` ends with the code of the recorded command.
 */
export function chooseExitCode(code: number): void {
  chosen = code
}

/** What the command chose; 0 unless it did. */
export function chosenExitCode(): number {
  return chosen
}
