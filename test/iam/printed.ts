import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findVerb } from '../../src/catalog.ts';
import type { PolicyDocument } from '../../src/iam/aws/policy.ts';
import type { PolicyFile, PolicySet } from '../../src/iam/policy-set.ts';
import { readInputs } from '../../src/inputs.ts';
import type { VerbResult } from '../../src/steps/verb.ts';
import { contextIn } from '../gate/context.ts';

/** A policy set as `--json` has it. */
export interface PrintedPolicySet extends Omit<PolicySet, 'files'> {
  documents: PolicyFile[];
}

/** What `coldgate iam` says of the models.yaml of a folder; the verb asks for nothing but that file. */
export async function iamIn(folder: string, given: Record<string, string> = {}): Promise<VerbResult> {
  const verb = findVerb('iam')!;
  const texts = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, [text]]));
  const values: Record<string, unknown> = readInputs(verb.inputs, texts, (name) => `--${name}`);
  return verb.run(values, contextIn(folder));
}

/** The same for a models.yaml that is there for this question alone. */
export async function iamOf(yaml: string, given: Record<string, string> = {}): Promise<VerbResult> {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-iam-'));
  try {
    writeFileSync(join(folder, 'models.yaml'), yaml);
    return await iamIn(folder, given);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const policySetsOf = (result: VerbResult): PrintedPolicySet[] =>
  result.document['results'] as PrintedPolicySet[];

export function policySetOf(
  result: VerbResult,
  role: PolicySet['role'],
  cloud: PolicySet['cloud'] = 'aws',
): PrintedPolicySet {
  const found = policySetsOf(result).find((policySet) => policySet.role === role && policySet.cloud === cloud);
  if (!found) throw new Error(`no policy set of ${role} on ${cloud}`);
  return found;
}

/** The policies that grant something. */
export const policiesOf = ({ documents }: PrintedPolicySet): PolicyDocument[] =>
  documents.filter(({ kind }) => kind === 'permissions').map(({ content }) => content as PolicyDocument);

export const trustOf = ({ documents }: PrintedPolicySet): PolicyDocument | undefined =>
  documents.find(({ kind }) => kind === 'trust')?.content as PolicyDocument | undefined;
