import { describe, expect, it } from 'vitest';
import { mayReach, parseEgressRules } from '../../subgraphs/shared/egressRules.js';

describe('egress rules', () => {
  it.each(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111'])('let everybody call the public address %s', (address) => {
    expect(mayReach([], 'api.example', address, 443)).toBe(true);
  });

  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback, another one', '127.8.9.10'],
    ['private', '10.1.2.3'],
    ['private', '172.31.255.255'],
    ['private', '192.168.0.1'],
    ['link-local, where clouds keep their secrets', '169.254.169.254'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['this host', '0.0.0.0'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['documentation', '203.0.113.7'],
    ['benchmarks', '198.18.0.1'],
    ['IPv6 loopback', '::1'],
    ['IPv6 nowhere', '::'],
    ['IPv6 link-local', 'fe80::1'],
    ['IPv6 unique local', 'fd00::1'],
    ['IPv6 multicast', 'ff02::1'],
    ['IPv4 in IPv6, public even', '::ffff:8.8.8.8'],
    ['IPv4 in IPv6, loopback', '::ffff:127.0.0.1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378::1'],
    ['not given out', '4000::1'],
    ['no address', 'localhost'],
  ])('let nobody call what is %s', (_, address) => {
    expect(mayReach([], 'api.example', address, 443)).toBe(false);
  });

  it('let those through whom the operator names, and nobody else', () => {
    const rules = parseEgressRules(' ollama.internal, Vllm.internal:8000 ,10.2.0.0/16,192.168.1.5:11434,[fd00::5]:80,fd01::/32');
    const reached = (host: string, address: string, port: number): boolean => mayReach(rules, host, address, port);
    expect(reached('ollama.internal', '10.0.0.1', 1)).toBe(true);
    expect(reached('OLLAMA.internal', '10.0.0.1', 1)).toBe(true);
    expect(reached('vllm.internal', '10.0.0.1', 8000)).toBe(true);
    expect(reached('vllm.internal', '10.0.0.1', 8001)).toBe(false);
    expect(reached('evil-ollama.internal', '10.0.0.1', 1)).toBe(false);
    expect(reached('any.example', '10.2.255.1', 443)).toBe(true);
    expect(reached('any.example', '10.3.0.1', 443)).toBe(false);
    expect(reached('any.example', '192.168.1.5', 11434)).toBe(true);
    expect(reached('any.example', '192.168.1.5', 80)).toBe(false);
    expect(reached('any.example', 'fd00::5', 80)).toBe(true);
    expect(reached('any.example', 'fd01:0::9', 443)).toBe(true);
    expect(reached('any.example', '::ffff:10.2.0.1', 443)).toBe(false);
  });

  it.each(['http://host', 'host:0', 'host:99999', '10.0.0.0/33', 'a b', '*.example', '-x', '10.0.0.0/'])(
    'refuse "%s"',
    (entry) => {
      expect(() => parseEgressRules(`fine.example,${entry}`)).toThrow(RangeError);
    },
  );
});
