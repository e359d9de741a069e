import { describe, expect, it } from 'vitest';
import { redact } from '../../src/stores/redact.ts';

const secret = 'c2VjcmV0/b2Yg+dGVzdHM=';
const jwt = 'eyJhbGciOiJub25lIn0.eyJvaWQiOiIxIn0.c2ln';

describe('text of servers and SDKs', () => {
  it.each([
    [`https://account/c/b?sv=2024&sig=${encodeURIComponent(secret)}&sp=r`],
    [`https://host/o?X-Goog-Algorithm=A&X-Goog-Signature=${secret}`],
    [`GET https://host/o?X-Amz-Security-Token=${encodeURIComponent(secret)}&X-Amz-Signature=${secret}`],
    [`{"x-amz-security-token":"${secret}"}`],
    [`DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${secret};EndpointSuffix=x`],
    [`PUT https://host/upload?uploadType=resumable&upload_id=${secret} failed`],
    [`{"access_token":"${secret}","expires_in":3600}`],
    [`{"client_secret": "${secret}"}`],
    [`subject_token=${secret}&grant_type=x`],
    [`authorization: Bearer ${secret}`],
    [`Authorization: SharedKey account:${secret}`],
    [`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`],
  ])('loses what opens a store: %s', (text) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).not.toContain(encodeURIComponent(secret));
    expect(redact(text)).toContain('[redacted]');
  });

  it('loses tokens wherever they stand', () => {
    expect(redact(`token ${jwt} is not valid`)).toBe('token [redacted] is not valid');
    expect(redact('ya29.a0Af_x-1 expired')).toBe('[redacted] expired');
  });

  it('keeps everything else, so that it can be understood', () => {
    const messages = [
      'ci@project.iam.gserviceaccount.com does not have storage.objects.create access to the object.',
      'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "BBBBBB==".',
      'AADSTS700016: Application with identifier 1 was not found in the directory.',
      'the signature in the URL is too old; a signed request needs a bearer',
    ];
    for (const text of messages) expect(redact(text)).toBe(text);
  });
});
