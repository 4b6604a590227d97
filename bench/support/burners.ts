import { Worker } from 'node:worker_threads'

/** Keeps so many cores busy until what comes back is called. */
export function startBurners(count: number): () => void {
  const burners = Array.from({ length: count }, () => new Worker('for (;;) Math.sqrt(Math.random())', { eval: true }))
  return () => {
    for (const burner of burners) void burner.terminate()
  }
}
