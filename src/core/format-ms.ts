/** A time span for people: `85.2 ms`, `850 ms`, `2.30 s`, `4 min 05 s`, `24 h 00 min`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return `${ms} ms`
  if (Math.abs(ms) < 100) return `${Math.round(ms * 10) / 10} ms`
  if (Math.abs(ms) < 999.5) return `${Math.round(ms)} ms`
  if (Math.abs(ms) < 60_000) return `${(ms / 1000).toFixed(2)} s`
  const seconds = Math.round(ms / 1000)
  if (Math.abs(seconds) < 3600) return `${Math.trunc(seconds / 60)} min ${twoDigits(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.trunc(minutes / 60)} h ${twoDigits(minutes % 60)} min`
}

function twoDigits(count: number): string {
  return String(Math.abs(count)).padStart(2, '0')
}
