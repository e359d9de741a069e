import type { InputSpec, Inputs } from '../inputs.ts';
import type { Context, VerbResult } from '../steps/verb.ts';

export interface OutputSpec {
  name: string;
  description: string;
}

export interface VerbSpec {
  name: string;
  /** Folder under actions/, or `.` for the root action. Verbs without one are reached by the root's `verb` input. */
  action?: string;
  /** One line, beginning with a verb in the third person. */
  summary: string;
  /** Longer help, and what exit codes mean here. */
  about: string;
  examples: string[];
  inputs: readonly InputSpec[];
  outputs: OutputSpec[];
  /** Permissions a workflow job needs, for the action's README. */
  permissions: string[];
  /** Runs the verb on texts already read into values. */
  run(values: Record<string, unknown>, context: Context): Promise<VerbResult>;
}

/** Ties the specs to the verb's function, so that the compiler checks that they name the same fields. */
export function verb<const Specs extends readonly InputSpec[]>(
  spec: Omit<VerbSpec, 'inputs' | 'run'> & {
    inputs: Specs;
    load: () => Promise<(values: Inputs<Specs>, context: Context) => Promise<VerbResult>>;
  },
): VerbSpec {
  const { load, ...rest } = spec;
  return { ...rest, run: async (values, context) => (await load())(values as Inputs<Specs>, context) };
}
