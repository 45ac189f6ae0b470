import { describe, expect, it } from 'vitest';
import { daprPath, readDaprEndpoint } from '../../../../subgraphs/agents/transports/daprEndpoint.js';

describe('the endpoint of a Dapr agent', () => {
  it.each([
    ['dapr:loans/answer', '/v1.0/invoke/loans/method/answer'],
    ['dapr:loans.eu/v2/answer', '/v1.0/invoke/loans.eu/method/v2/answer'],
    ['dapr-actor:MeshAgent/loans-eu_1/answer', '/v1.0/actors/MeshAgent/loans-eu_1/method/answer'],
  ])('%s is %s of the sidecar', (endpoint, path) => {
    const read = readDaprEndpoint(endpoint);
    expect(typeof read === 'string' ? read : daprPath(read)).toBe(path);
  });

  it.each([
    null,
    '',
    'loans/answer',
    'dapr:loans',
    'dapr:loans/',
    'dapr:http://10.0.0.1/answer',
    'dapr:https%3A%2F%2Fevil/answer',
    'dapr:../answer',
    'dapr:loans/../../metadata',
    'dapr:loans/a?b=c',
    'dapr:loans/a#b',
    'dapr-actor:MeshAgent/answer',
    'dapr-actor:MeshAgent/../answer',
    'dapr-actor:Mesh Agent/a/answer',
    'dapr-actor:MeshAgent/a/b/answer',
  ])('%j is none, and the two ways are named', (endpoint) => {
    expect(readDaprEndpoint(endpoint)).toMatch(/dapr:<app-id>\/<method> or dapr-actor:<ActorType>\/<actorId>\/<method>$/);
  });
});
