/** A time span for people: `85.2 ms`, `850 ms`, `2.30 s`, `4 min 05 s`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return `${ms} ms`
  if (Math.abs(ms) < 100) return `${Math.round(ms * 10) / 10} ms`
  if (Math.abs(ms) < 999.5) return `${Math.round(ms)} ms`
  if (Math.abs(ms) < 60_000) return `${(ms / 1000).toFixed(2)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.trunc(seconds / 60)} min ${String(Math.abs(seconds) % 60).padStart(2, '0')} s`
}
