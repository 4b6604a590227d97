/** What holds when neither a flag nor the environment says otherwise. */
export const DEFAULTS = {
  /** At most so many trials at once, and never more than the machine has cores. */
  max_workers: 4,
  /** Where replays, results and history are written, relative to the working directory. */
  out_dir: '.retrial',
} as const

/** More workers than this are a slip of the finger. */
export const WORKERS_LIMIT = 256
