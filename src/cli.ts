import { text as readText } from 'node:stream/consumers';
import type { VerbSpec } from './catalog/spec.ts';
import { catalog, findVerb } from './catalog.ts';
import { Concealer } from './conceal.ts';
import { exitCodes, InputError, toColdgateError } from './errors.ts';
import { nearest, readInputs } from './inputs.ts';
import { useProxies } from './proxy.ts';
import { processContext } from './runner/context.ts';
import { needsNewerNode, runOnNewerNode } from './runner/newer-node.ts';
import { cacheDirOf, giveHome } from './runner/places.ts';
import { commandInputs, readArguments } from './terminal/argv.ts';
import { asker } from './terminal/ask.ts';
import { failureDocument, failureLines } from './terminal/failure.ts';
import { generalHelp, verbHelp } from './terminal/help.ts';
import { terminalLogger } from './terminal/logger.ts';
import { toolVersion } from './version.ts';

const printJson = (document: unknown) => process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);

function chooseVerb(name: string): VerbSpec {
  const verb = findVerb(name);
  if (verb) return verb;
  const names = catalog.map((v) => v.name);
  const close = nearest(name, names);
  const message = `is not a verb; there are ${names.join(', ')}.`;
  throw new InputError([{ path: name, message, hint: close ? `Did you mean coldgate ${close}?` : undefined }]);
}

interface Run {
  distDir: string;
  verbose: boolean;
  conceal: Concealer;
}

async function runVerb(verb: VerbSpec, args: readonly string[], { distDir, verbose, conceal }: Run): Promise<number> {
  const log = terminalLogger(process.stderr, verbose, Date.now, conceal);
  const json = args.includes('--json');
  const texts = readArguments(verb, args);
  const values: Record<string, unknown> = readInputs(commandInputs(verb), texts, (name) => `--${name}`);
  if (needsNewerNode()) return runOnNewerNode(distDir, cacheDirOf(process.env), log);
  if (Object.values(values).includes('-')) values['stdin'] = await readText(process.stdin);
  const place = { distDir, cwd: process.cwd(), dryRun: values['dryRun'] === true };
  const ask = json ? undefined : asker(process.stdin, process.stderr);
  const context = processContext({ log, ...place, conceal, ask });
  const result = await verb.run(values, context);
  for (const line of result.lines) log.info(line);
  const exit = result.failure?.exit ?? exitCodes.done;
  if (result.failure) for (const line of failureLines(verb.name, result.failure, verbose)) log.info(line);
  if (json) {
    const failed = result.failure ? failureDocument(verb.name, conceal.error(result.failure)) : {};
    const document = result.verbatim ? result.document : conceal.value(result.document);
    printJson({ verb: verb.name, ok: exit === 0, exit, ...failed, ...document });
  } else if (result.text !== undefined) process.stdout.write(result.text);
  return exit;
}

/** The command line. Returns the exit code; never throws. */
export async function runCli(args: readonly string[], distDir: string): Promise<number> {
  const [name = '', ...rest] = args;
  const verbose = rest.includes('--verbose');
  if (name === '--version') return process.stdout.write(`${toolVersion}\n`) ? 0 : 0;
  if (name === '' || name === '--help' || name === 'help') {
    const verb = findVerb(rest[0] ?? '');
    (name === '' ? process.stderr : process.stdout).write(verb ? verbHelp(verb) : generalHelp());
    return name === '' ? exitCodes.usage : exitCodes.done;
  }
  const conceal = new Concealer();
  try {
    giveHome(process.env);
    useProxies(process.env);
    const verb = chooseVerb(name);
    if (rest.includes('--help')) return process.stdout.write(verbHelp(verb)) ? 0 : 0;
    return await runVerb(verb, rest, { distDir, verbose, conceal });
  } catch (thrown) {
    const error = conceal.error(toColdgateError(thrown));
    process.stderr.write(`${failureLines(name, error, verbose).join('\n')}\n`);
    if (rest.includes('--json')) printJson(failureDocument(name, error));
    return error.exit;
  }
}
