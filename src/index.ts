/**
 * The one entry of the bundle. Each door (an action's or the CLI's file in dist/) calls one of these with its folder;
 * nothing runs on import, and an edge is loaded only through its own door.
 */

import { toolVersion } from './version.ts';

/** Runs a verb as a GitHub Action: inputs from the environment, outputs and summary to the runner's files. */
export async function runAction(verb: string | undefined, distDir: string): Promise<void> {
  // A step shows life at once: the Actions toolkit takes longer to load than Node to start.
  process.stdout.write(`Coldgate ${toolVersion}${verb === undefined ? '' : `: ${verb}`}\n`);
  const { runAction: run } = await import('./action.ts');
  process.exitCode = await run(verb, distDir);
}

/** Runs the command line. */
export async function runCli(distDir: string): Promise<void> {
  const { runCli: run } = await import('./cli.ts');
  process.exitCode = await run(process.argv.slice(2), distDir);
}
