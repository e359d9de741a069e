import { fileURLToPath } from 'node:url';
import { type ProcessResult, runNode, testCache } from '../processes/runner.ts';

const script = fileURLToPath(new URL('cli.ts', import.meta.url));

/** Runs the command line of src/ in a folder. */
export const runSource = (args: string[], cwd: string, env: Record<string, string> = {}): Promise<ProcessResult> =>
  runNode([script, ...args], cwd, { COLDGATE_CACHE: testCache, ...env });

export interface JsonResult {
  exit: number | null;
  stderr: string;
  /** The `--json` document. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every verb
  document: any;
}

/** The same with `--json`. */
export async function runJson(args: string[], cwd: string, env: Record<string, string> = {}): Promise<JsonResult> {
  const { exit, stdout, stderr } = await runSource([...args, '--json'], cwd, env);
  return { exit, stderr, document: JSON.parse(stdout) };
}
