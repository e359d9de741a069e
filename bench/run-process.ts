import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Ran {
  /** Start to end, and start to the first byte on standard output or error, ms. */
  ms: number;
  firstByteMs: number;
  /** Peak resident size, MB; 0 where /proc is not there. */
  peakMb: number;
  stdout: string;
}

/** VmHWM is the kernel's own high-water mark, so a late look misses nothing but the last milliseconds. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Runs a command to its end. Throws when it does not end with 0, or with one of the accepted codes. */
export function runProcess(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; accept?: number[] } = {},
): Promise<Ran> {
  const started = performance.now();
  const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
  let stdout = '';
  let noise = '';
  let firstByteMs = 0;
  let peakMb = 0;
  const first = () => {
    firstByteMs ||= performance.now() - started;
  };
  child.stdout.on('data', (chunk: Buffer) => {
    first();
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    first();
    noise += chunk;
  });
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(child.pid!));
  }, 20);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (!(options.accept ?? [0]).includes(code ?? -1))
        reject(new Error(`${command} ${args.join(' ')}: ${code}\n${noise}`));
      else resolve({ ms: performance.now() - started, firstByteMs, peakMb, stdout });
    });
  });
}
