import { once } from 'node:events';
import type { FileStep } from '../../../src/stores/file/steps.ts';
import { openFileStore } from '../../../src/stores/file.ts';
import type { Store } from '../../../src/stores/store.ts';
import { errorCode } from './error-code.ts';

/**
 * Does one operation on a file store and sends itself a signal as it has passed the given step.
 * Says `at <step>` just before, and at the end (of a process that went on) the error's code or `did not throw`.
 */
export interface StepPlan {
  operation: 'create' | 'update' | 'remove';
  key: string;
  /** Text of the new object. */
  text: string;
  step: FileStep;
  signal: 'SIGKILL' | 'SIGSTOP';
}

async function operate(store: Store, { operation, key, text }: StepPlan): Promise<unknown> {
  const meta = { contentType: `text/${text}`, cacheControl: 'no-cache' };
  if (operation === 'create') return store.put(key, Buffer.from(text), 'absent', meta);
  const token = (await store.head(key))?.token ?? '';
  if (operation === 'remove') return store.remove(key, { unchanged: token });
  return store.put(key, Buffer.from(text), { unchanged: token }, meta);
}

const plan: StepPlan = JSON.parse(process.argv[3] ?? '{}');
const store = await openFileStore(JSON.parse(process.argv[2] ?? '{}'), {
  onStep(step) {
    if (step !== plan.step) return;
    process.stdout.write(`at ${step}\n`);
    process.kill(process.pid, plan.signal);
  },
});
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdout.write(`${await errorCode(operate(store, plan))}\n`);
