import { describe, expect, it } from 'vitest';
import { policyOf, type Statement } from '../../src/iam/aws/policy.ts';
import { allowing } from './evaluate.ts';

const statement = (more: Partial<Statement>): Statement => ({
  Sid: 'One',
  Effect: 'Allow',
  Action: ['s3:GetObject'],
  Resource: ['arn:aws:s3:::b/models/*'],
  ...more,
});
const allows = (statements: Statement[], action: string, resource: string, context = {}): boolean =>
  allowing([policyOf(statements)], { action, resource, context }).length > 0;

describe('the evaluator of policies', () => {
  it('matches actions without regard to case, resources with it', () => {
    const one = [statement({})];
    expect(allows(one, 'S3:getobject', 'arn:aws:s3:::b/models/a/b')).toBe(true);
    expect(allows(one, 's3:GetObject', 'arn:aws:s3:::b/Models/a')).toBe(false);
    expect(allows(one, 's3:GetObject', 'arn:aws:s3:::b/modelsx')).toBe(false);
    expect(allows(one, 's3:GetObjectVersion', 'arn:aws:s3:::b/models/a')).toBe(false);
    expect(allows([statement({ Action: ['s3:Get*'] })], 's3:GetObjectVersion', 'arn:aws:s3:::b/models/a')).toBe(true);
  });

  it('takes dots and plus signs as they are', () => {
    const one = [statement({ Resource: ['arn:aws:s3:::b/a+b/current.json'] })];
    expect(allows(one, 's3:GetObject', 'arn:aws:s3:::b/a+b/current.json')).toBe(true);
    expect(allows(one, 's3:GetObject', 'arn:aws:s3:::b/aab/current.json')).toBe(false);
    expect(allows(one, 's3:GetObject', 'arn:aws:s3:::b/a+b/currentxjson')).toBe(false);
  });

  it('demands every condition, and a key that the call does not have is no match', () => {
    const Condition = { StringLike: { 's3:prefix': ['models/*'] }, StringEquals: { a: 'b' } };
    const one = [statement({ Condition })];
    const at = (context: Record<string, string>) => allows(one, 's3:GetObject', 'arn:aws:s3:::b/models/a', context);
    expect(at({ 's3:prefix': 'models/', a: 'b' })).toBe(true);
    expect(at({ 's3:prefix': 'other/', a: 'b' })).toBe(false);
    expect(at({ 's3:prefix': 'models/' })).toBe(false);
    expect(at({})).toBe(false);
  });

  it('lets a denial win', () => {
    const both = [statement({}), statement({ Sid: 'Two', Effect: 'Deny', Resource: ['*'] })];
    expect(allows(both, 's3:GetObject', 'arn:aws:s3:::b/models/a')).toBe(false);
  });

  it('refuses to guess at operators', () => {
    const one = [statement({ Condition: { NumericLessThan: { a: '1' } } })];
    expect(() => allows(one, 's3:GetObject', 'arn:aws:s3:::b/models/a', { a: '0' })).toThrow('NumericLessThan');
  });
});
