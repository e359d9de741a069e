import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const collect = JSON.stringify(new URL('../../src/handler/http/collect.ts', import.meta.url).href);

/**
 * A process whose second thread takes the flag back without end, as the thread of a session does at the moment in which
 * it collects, too. Once that thread rests, what nobody holds must go.
 */
const program = `
import { Worker } from 'node:worker_threads';
const other = new Worker(
  'import { setFlagsFromString } from "node:v8";' +
    'import { parentPort } from "node:worker_threads";' +
    'const end = Date.now() + 2500; parentPort.postMessage("begun");' +
    'while (Date.now() < end) setFlagsFromString("--no-expose-gc");',
  { eval: true },
);
await new Promise((resolve) => other.once('message', resolve));
const gone = new WeakRef({ large: new Uint8Array(1024) });
await new Promise(setImmediate);
// Twenty tries, each by a module of its own: one alone may be lucky.
for (let at = 0; at < 20; at++) (await import(${collect} + '?' + at)).collectWhenIdle(() => true);
await new Promise((resolve) => other.once('exit', resolve));
const end = Date.now() + 60_000;
while (gone.deref() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
console.log(gone.deref() ? 'kept' : 'collected');
`;

it('two threads that collect at the same moment end no process, and it is collected in the end', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  expect(stdout.trim()).toBe('collected');
});
