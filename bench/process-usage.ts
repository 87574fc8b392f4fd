import { readFile } from 'node:fs/promises'

/** The CPU time and memory of a process, from /proc (Linux, proc_pid_stat(5)). */
export interface Usage {
  /** User and system time since the start, in microseconds. */
  cpuMicros: number
  /** Resident memory now, in bytes. */
  residentBytes: number
  /** The highest resident memory so far, in bytes. */
  peakBytes: number
}

/** The unit of CPU times in /proc (USER_HZ): 100 ticks a second on every Linux. */
const microsPerTick = 10_000

/** @throws Error when the process has ended */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([fieldsOf(pid), readFile(`/proc/${pid}/status`, 'utf8')])
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  const [utime, stime] = [Number(stat[11]), Number(stat[12])]
  return {
    cpuMicros: (utime + stime) * microsPerTick,
    residentBytes: bytes('VmRSS'),
    peakBytes: bytes('VmHWM'),
  }
}

/** The fields of /proc/<pid>/stat from the third on. The second is the program's name, which may contain blanks. */
async function fieldsOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
