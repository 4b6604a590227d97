import { type ChildProcess, spawn } from 'node:child_process'
import { doNothing } from '../core/nothing.ts'

/**
 * Reads `+ PID` and `- PID`, and kills who is left when nobody is there any more to say so. Signals of a terminal are for
 * others: who gets them will be gone, and then it is time.
 */
const SCRIPT = `trap '' INT TERM HUP
pids=' '
while read -r sign pid; do
  case $sign in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done`

let watch: ChildProcess | null = null

/**
 * Sees to it that a process does not outlive this one, however this one ends: a process in an endless loop does not notice
 * that its parent is gone. A shell that waits does. On Windows the system itself ends the processes of a parent.
 */
export function watchOverOrphans(child: ChildProcess): void {
  const { pid } = child
  if (process.platform === 'win32' || pid === undefined) return
  tell(`+ ${pid}`)
  child.once('exit', () => tell(`- ${pid}`))
}

function tell(line: string): void {
  watch ??= startWatch()
  if (watch.stdin?.writable) watch.stdin.write(`${line}\n`)
}

function startWatch(): ChildProcess {
  const started = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], env: {} })
  // Without a shell there is no such watch; all else is as it would be.
  started.on('error', doNothing)
  started.stdin?.on('error', doNothing)
  started.unref()
  ;(started.stdin as unknown as { unref(): void } | null)?.unref()
  return started
}
