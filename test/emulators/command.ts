/** The test-bed from a terminal, see docs/testing.md: `npm run emulators -- install|up|down|status`. */
import { folderOf, install, isWanted, type Part, whyNot } from './part.ts';
import { parts } from './parts.ts';
import { required } from './required.ts';
import { runningOf, startFor, stopAll, sweep } from './running.ts';
import { serverParts } from './server-parts.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function named<Kind extends Part>(all: Kind[], names: string[]): Kind[] {
  const unknown = names.filter((name) => !all.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Error(`There is no ${unknown.join(', ')} here. There are: ${all.map(({ name }) => name).join(', ')}.`);
  }
  return names.length === 0 ? all : all.filter((part) => names.includes(part.name));
}

/** Two at a time, since some compile and others download. A part that refuses does not keep others from being there. */
async function installAll(wanted: Part[]): Promise<boolean> {
  const waiting = [...wanted];
  let complete = true;
  const work = async (): Promise<void> => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      const began = Date.now();
      const seconds = (): string => `${((Date.now() - began) / 1000).toFixed(0)} s`;
      const title = `${part.name} ${part.version} (${part.from})`;
      say(`Installing ${title}${part.slow ? ', which takes minutes' : ''} …`);
      await install(part).then(
        () => say(`Installed ${title} in ${seconds()}.`),
        (error: Error) => {
          complete = false;
          say(`${title} is not to be had here, after ${seconds()}: ${error.message}`);
        },
      );
    }
  };
  await Promise.all([work(), work()]);
  return complete;
}

async function up(names: string[]): Promise<boolean> {
  const able = named(serverParts, names).filter((part) => whyNot(part) === undefined || isWanted(part, true));
  await sweep();
  await installAll(able.filter((part) => isWanted(part, true)));
  for (const part of able.filter((part) => whyNot(part) === undefined)) await startFor('up', part);
  status();
  for (const part of able) {
    const server = runningOf('up', part.name);
    if (!server) continue;
    say(`\n# ${part.name}`);
    for (const [name, value] of Object.entries(server.env)) say(`export ${name}='${value}'`);
  }
  return names.every((name) => runningOf('up', name) !== undefined);
}

function status(): boolean {
  const rows = parts.map((part) => {
    const missing = whyNot(part);
    const server = runningOf('up', part.name);
    const state = missing ? 'missing' : server ? 'running' : part.found?.() ? 'on PATH' : 'installed';
    return [part.name, part.version, part.from, state, missing ?? server?.endpoint ?? part.found?.() ?? folderOf(part)];
  });
  const table = [['part', 'version', 'from', 'state', 'where, or why not'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  return true;
}

/** What to know at the end of a run: which parts it did without. */
function missing(): boolean {
  const without = parts.flatMap((part) => {
    const why = whyNot(part);
    return why === undefined ? [] : [`  ${part.name} ${part.version}: ${why}`];
  });
  if (without.length === 0) return true;
  say(`\nDid not run here, for want of their part (docs/testing.md says what each proves):\n${without.join('\n')}`);
  return !required;
}

const verbs: Record<string, (names: string[]) => boolean | Promise<boolean>> = {
  install: (names) => installAll(named(parts, names).filter((part) => isWanted(part, true))),
  /** Before a run: what is missing and was not refused; slow parts only where a run of everything asks for them. */
  prepare: async (flags) => {
    await installAll(parts.filter((part) => isWanted(part, false) && (!part.slow || flags.includes('--slow'))));
    return true;
  },
  up,
  down: async () => {
    await sweep();
    const stopped = await stopAll('up');
    say(stopped.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.join(', ')}.`);
    return true;
  },
  status,
  missing,
};

const [verb = 'status', ...names] = process.argv.slice(2);
const chosen = verbs[verb];
try {
  if (!chosen) throw new Error(`There is no ${verb}: use install, up, down or status.`);
  process.exitCode = (await chosen(names)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
