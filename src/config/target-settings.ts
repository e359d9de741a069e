import { targetPaths } from './check-targets.ts';
import type { Findings } from './findings.ts';
import type { Path } from './yaml-node.ts';

const remove = 'Remove it.';

/** One target: its settings as the file has them. */
export class TargetSettings {
  readonly findings: Findings;
  readonly path: Path;

  constructor(findings: Findings, path: Path) {
    this.findings = findings;
    this.path = path;
  }

  at(field: string): Path {
    return [...this.path, ...field.split('.')];
  }

  has(field: string): boolean {
    return this.findings.has(this.at(field));
  }

  /** The text at the field, or what it is by default. */
  text(field: string, otherwise: string): string {
    return this.findings.text(this.at(field)) ?? otherwise;
  }

  number(field: string, otherwise: number): number {
    const value = this.has(field) ? this.findings.value(this.at(field)) : otherwise;
    return typeof value === 'number' ? value : Number.NaN;
  }

  add(field: string, message: string, hint: string = remove): void {
    this.findings.add(this.at(field), message, hint);
  }

  /** Settings that are about one value of another one. */
  only(fields: readonly string[], isMet: boolean, condition: string, hint = remove): void {
    for (const field of fields) if (!isMet && this.has(field)) this.add(field, `is a setting of ${condition}.`, hint);
  }

  /** How many entries a mapping may have. */
  count(field: string, max: number): void {
    const found = this.findings.keys(this.at(field)).length;
    if (found > max) this.add(field, `expected at most ${max} entries, got ${found}.`, 'Remove some.');
  }

  /**
   * What every cloud's `batch:` keeps to: results that it took for uploads would be answered for ever, and events need
   * proof of who sends them.
   * @param open the value of `auth` that lets everyone in, and the one that is wanted
   */
  batch({ open, wanted }: { open: string; wanted: string }): void {
    if (!this.has('batch')) return;
    if (this.text('auth', wanted) === open) {
      this.add('auth', `expected ${wanted} with batch:, since anyone could send events.`, `Remove auth: ${open}.`);
    }
    if (this.text('batch.prefix', '').startsWith(this.text('batch.output-prefix', 'results/'))) {
      const hint = 'Choose an output-prefix that no upload has.';
      this.add('batch.prefix', 'expected one outside of output-prefix, where nothing is answered.', hint);
    }
  }
}

/** The targets of a provider, of environments and of models. */
export const targetsOf = (findings: Findings, provider: string): TargetSettings[] =>
  targetPaths(findings)
    .map((path) => new TargetSettings(findings, path))
    .filter((settings) => settings.text('provider', '') === provider);
