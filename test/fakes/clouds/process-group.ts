import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { guarded } from './guard.ts';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) signal(child, 'SIGKILL');
});

export interface GroupOptions {
  cwd: string;
  /** All of its environment: nothing of this process's is in it. */
  env: Record<string, string>;
  stdio?: SpawnOptions['stdio'];
  log(stream: 'stdout' | 'stderr', line: string): void;
}

/** A process of a cloud's, with all that it starts: ended when this process ends, however that ends. */
export class ProcessGroup {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  hasEnded = false;
  #frozen = false;

  constructor([program = '', ...args]: readonly string[], { cwd, env, stdio, log }: GroupOptions) {
    this.child = spawn(program === 'node' ? process.execPath : program, args, {
      ...{ cwd, detached: true, stdio: stdio ?? ['ignore', 'pipe', 'pipe'] },
      env: { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, ...env },
    });
    const { child } = this;
    running.add(child);
    guarded(child.pid, true);
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream]! }).on('line', (line) => log(stream, line));
    }
    this.ended = new Promise((resolve) => {
      const over = (): void => {
        running.delete(child);
        guarded(child.pid, false);
        this.hasEnded = true;
        resolve();
      };
      child.once('error', over).once('exit', over);
    });
  }

  /** Takes the CPU away. */
  freeze(): void {
    if (this.#frozen || this.hasEnded) return;
    this.#frozen = true;
    signal(this.child, 'SIGSTOP');
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    signal(this.child, 'SIGCONT');
  }

  /** SIGTERM, then SIGKILL. */
  async stop(graceMs: number): Promise<void> {
    if (this.hasEnded) return;
    this.thaw();
    signal(this.child, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
    const late = setTimeout(() => signal(this.child, 'SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(late);
  }

  /** As a crash would. */
  kill(): void {
    signal(this.child, 'SIGKILL');
  }
}

/** To the whole group of a child: what it has started goes with it. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended already.
  }
}
