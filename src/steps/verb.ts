import type { Concealer } from '../conceal.ts';
import type { ColdgateError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Source } from '../model/manifest.ts';

/** What a verb works with beside its input; the edges fill it, tests pass their own. */
export interface Context {
  log: Logger;
  /** Environment variables, read-only. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths are meant from. */
  cwd: string;
  /** Folder for downloads that can be made again: runtime archives, packages. */
  cacheDir: string;
  /** Folder of the handler bundle in dist. */
  handlerDir: string;
  now(): Date;
  /** Who does this, for pointer and history: `octocat` on GitHub, `user@host` on a terminal. */
  actor: string;
  runUrl: string | undefined;
  /** Where the work comes from, for the manifest: repository, commit, run. */
  source(): Promise<Source>;
  dryRun: boolean;
  /** Aborted on SIGINT / SIGTERM; long work stops at the next safe point. */
  signal: AbortSignal;
  /** Keeps folders between runs where the edge has such a place (runner cache); a failure never fails a step. */
  sharedCache?: SharedCache | undefined;
  /** Asks whoever sits at the terminal; an empty answer is the fallback. Undefined where nobody is there. */
  ask?: ((question: string, fallback?: string) => Promise<string>) | undefined;
  /** Replaces values that must not be printed by their names; every printer uses it. */
  conceal?: Concealer | undefined;
}

export interface SharedCache {
  /** Brings the folder back; false when there is nothing under the key. */
  restore(folder: string, key: string): Promise<boolean>;
  save(folder: string, key: string): Promise<void>;
}

/** What a verb hands back; the edge turns it into outputs, JSON, a summary and an exit code. */
export interface VerbResult {
  /** Named outputs as in the catalog; kebab-case names, text values. */
  outputs: Record<string, string>;
  /** The `--json` document. */
  document: Record<string, unknown>;
  /** Markdown for the job summary. */
  summary: string;
  /** Human-readable lines, most important first. */
  lines: string[];
  /** A rendered document that belongs on standard output as it is (a report as Markdown or SVG). */
  text?: string | undefined;
  /** The document is a thing to paste or to apply (policies, commands): what it takes from variables stays in it. */
  verbatim?: boolean | undefined;
  /** Set when the verb did its work and the answer is no (regression, inconclusive, unverified). */
  failure?: ColdgateError | undefined;
}
