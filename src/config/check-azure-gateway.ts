import { targetPaths } from './check-targets.ts';
import type { Findings } from './findings.ts';
import type { Path } from './yaml-node.ts';

/** What API Management refuses, or silently not does, with settings that are fine one by one. */
export function checkAzureGateway(findings: Findings): void {
  for (const target of targetPaths(findings)) {
    const at = (...fields: string[]): Path => [...target, ...fields];
    if (findings.text(at('provider')) !== 'azure-functions' || !findings.has(at('gateway'))) continue;
    if (findings.text(at('auth')) === 'anonymous') {
      const message = 'expected function with gateway:, since callers could go round it.';
      findings.add(at('auth'), message, 'Remove auth: anonymous.');
    }
    const isOpen = findings.value(at('gateway', 'subscription-required')) === false;
    if (isOpen && findings.has(at('gateway', 'product'))) {
      const message = 'is used with subscription keys, expected none with subscription-required: false.';
      findings.add(at('gateway', 'product'), message, 'Remove it, or subscription-required: false.');
    }
  }
}
