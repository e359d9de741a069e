import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessGroup } from '../../fakes/clouds/process-group.ts';
import type { Specialize, Specialized } from './worker-protocol.ts';

const worker = join(import.meta.dirname, 'worker-process.ts');

/** A process that was started before anyone knew what for. */
export class Placeholder {
  readonly group: ProcessGroup;
  readonly #home: string;
  #log: (stream: 'stdout' | 'stderr', line: string) => void = () => {};

  constructor(home: string) {
    this.#home = home;
    mkdirSync(join(home, 'tmp'), { recursive: true });
    this.group = new ProcessGroup(['node', '--disable-warning=ExperimentalWarning', worker], {
      cwd: home,
      // /tmp of an instance is its own: TMPDIR stands for it.
      env: { HOME: home, TMPDIR: join(home, 'tmp') },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      log: (stream, line) => this.#log(stream, line),
    });
    void this.group.ended.then(() => rmSync(home, { recursive: true, force: true }));
  }

  /** Makes it the worker of an app. Rejects where the process ends instead. */
  specialize({ folder, env }: Specialize, log: (stream: 'stdout' | 'stderr', line: string) => void) {
    this.#log = log;
    const { child, ended } = this.group;
    const specialized = new Promise<Specialized>((resolve) => {
      child.on('message', (message: Partial<Specialized>) => {
        if (message.event === 'specialized') resolve(message as Specialized);
      });
    });
    // What it takes from the machine, it takes from its own home.
    child.send({ folder, env: { ...env, HOME: this.#home, TMPDIR: join(this.#home, 'tmp') } }, () => {});
    const over = ended.then(() => Promise.reject(new Error('The worker process has ended while it started.')));
    return Promise.race([specialized, over]);
  }
}

/** Processes that wait for an app, as Azure has them. */
export class Placeholders {
  readonly #scratch: string;
  #next: Placeholder | undefined;
  #count = 0;
  #closed = false;

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  take(): Placeholder {
    const taken = this.#next && !this.#next.group.hasEnded ? this.#next : this.#make();
    this.#next = this.#closed ? undefined : this.#make();
    return taken;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#next?.group.stop(0);
  }

  #make(): Placeholder {
    return new Placeholder(join(this.#scratch, 'instances', String(++this.#count)));
  }
}
