import type { Findings } from './findings.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const lambdaName = /^[A-Za-z0-9_-]{1,64}$/;

/** Functions are named `<model>-<environment>`, and Lambda takes fewer names than a store does. */
export function checkFunctionNames(findings: Findings): void {
  for (const model of findings.keys(['models'])) {
    const own = findings.text(['models', model, 'target', 'provider']);
    const bad = findings.keys(['environments']).find((environment) => {
      const provider = own ?? findings.text(['environments', environment, 'target', 'provider']);
      return provider === 'aws-lambda' && !lambdaName.test(`${model}-${environment}`);
    });
    if (bad === undefined) continue;
    findings.add(
      ['models', model],
      `names the Lambda function ${model}-${bad}, expected at most 64 letters, digits, "-" and "_".`,
      `Rename the model, for instance ${model.replaceAll('.', '-').slice(0, 63 - bad.length)}.`,
    );
  }
}
