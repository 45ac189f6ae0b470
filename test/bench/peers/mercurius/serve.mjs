// @mercuriusjs/gateway, which speaks Federation 1: `node mercurius.mjs SERVICES PORT`; SERVICES is a file of [{name, url, schema}].
import { readFileSync } from 'node:fs';
import mercuriusGateway from '@mercuriusjs/gateway';
import Fastify from 'fastify';

const [file, port] = process.argv.slice(2);
const services = JSON.parse(readFileSync(file, 'utf8'));
const gateway = Fastify();
gateway.register(mercuriusGateway, { jit: 1, path: '/graphql', gateway: { services } });
await gateway.listen({ port: Number(port), host: '127.0.0.1' });
