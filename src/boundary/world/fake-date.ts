type Realm = typeof globalThis

/** Puts `Date`, what `Intl` formats when it is given no date, and `Temporal.Now` of a realm on a clock. */
export function installFakeDate(clock: () => number, realm: Realm): void {
  const now = (): number => Math.floor(clock())
  installDate(now, realm)
  installFormats(now, realm)
  installTemporal(now, realm)
}

function installDate(now: () => number, realm: Realm): void {
  const { Date: NativeDate } = realm
  const VirtualDate = new Proxy(NativeDate, {
    construct(target, args: unknown[], newTarget): object {
      return Reflect.construct(
        target,
        args.length === 0 ? [now()] : args,
        newTarget === VirtualDate ? target : newTarget,
      )
    },
    apply: () => new NativeDate(now()).toString(),
  })
  const { now: native } = NativeDate
  const named = Object.defineProperty(() => now(), 'name', { value: native.name })
  Object.defineProperty(NativeDate, 'now', { value: named, configurable: true, writable: true })
  NativeDate.prototype.constructor = VirtualDate
  Object.defineProperty(realm, 'Date', { value: VirtualDate, configurable: true, writable: true })
}

function installFormats(now: () => number, realm: Realm): void {
  const prototype = realm.Intl.DateTimeFormat.prototype
  const { get } = Object.getOwnPropertyDescriptor(prototype, 'format') ?? {}
  const bound = new WeakMap<object, (date?: Date | number) => string>()
  Object.defineProperty(prototype, 'format', {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const native = get?.call(this) as (date?: Date | number) => string
      const known = bound.get(native)
      if (known !== undefined) return known
      const format = (date?: Date | number): string => native(date === undefined ? now() : date)
      bound.set(native, format)
      return format
    },
  })
  const { formatToParts } = prototype
  prototype.formatToParts = function (date) {
    return formatToParts.call(this, date === undefined ? now() : date)
  }
}

interface Instant {
  toZonedDateTimeISO(zone: unknown): Record<string, () => unknown>
}

interface TemporalApi {
  Instant: { fromEpochMilliseconds(ms: number): Instant }
  Now: Record<string, unknown> & { timeZoneId(): string }
}

/** Newer Node lines have it. */
function installTemporal(now: () => number, realm: Realm): void {
  const { Temporal } = realm as unknown as { Temporal?: TemporalApi }
  if (Temporal === undefined) return
  const { Now } = Temporal
  const instant = (): Instant => Temporal.Instant.fromEpochMilliseconds(now())
  const zoned = (zone: unknown = Now.timeZoneId()) => instant().toZonedDateTimeISO(zone)
  const parts = { plainDateTimeISO: 'toPlainDateTime', plainDateISO: 'toPlainDate', plainTimeISO: 'toPlainTime' }
  const fakes: Record<string, unknown> = { instant, zonedDateTimeISO: (zone?: unknown) => zoned(zone) }
  for (const [name, method] of Object.entries(parts)) fakes[name] = (zone?: unknown) => zoned(zone)[method]?.()
  for (const [name, value] of Object.entries(fakes)) {
    Object.defineProperty(Now, name, { value, configurable: true, writable: true })
  }
}
