const logFactorials = [0, 0]

/** Natural logarithm of n!; n a whole number. */
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push((logFactorials[i - 1] as number) + Math.log(i))
  return logFactorials[n] as number
}

/** Natural logarithm of the binomial coefficient n over k. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

/** Probability of exactly k successes in n independent trials that succeed with probability p. */
export function binomialProbability(k: number, n: number, p: number): number {
  if (p === 0) return k === 0 ? 1 : 0
  if (p === 1) return k === n ? 1 : 0
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
}

/** Probability of at most k successes in n independent trials. */
export function binomialAtMost(k: number, n: number, p: number): number {
  let sum = 0
  for (let i = 0; i <= k; i++) sum += binomialProbability(i, n, p)
  return Math.min(1, sum)
}
