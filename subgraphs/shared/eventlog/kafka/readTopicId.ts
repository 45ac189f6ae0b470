import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new () => Encoder;
const Decoder = require('kafkajs/src/protocol/decoder') as new (data: Buffer) => Decoder;

interface Encoder {
  writeInt64(value: number): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string): Encoder;
}

interface Decoder {
  buffer: Buffer;
  offset: number;
  readInt16(): number;
  readInt32(): number;
  readUVarInt(): number;
  readUVarIntString(): string | null;
  readTaggedFields(): unknown;
}

const METADATA = 3;
const VERSION = 10;
const NO_TAGS = 0;

/**
 * The id that Kafka gave a topic when it was made (KIP-516, Kafka 2.8 and later): the epoch of our cursors. kafkajs knows Metadata
 * only up to version 6, which has no ids, so this is one request of version 10 in its terms.
 * https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export async function readTopicId(connection: { send(request: object): Promise<unknown> }, topic: string): Promise<string> {
  const { id, errorCode } = (await connection.send({
    request: {
      apiKey: METADATA,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: async () =>
        new Encoder()
          .writeUVarInt(NO_TAGS) // ends the request header
          .writeUVarInt(1 + 1) // one topic, by its name
          .writeInt64(0)
          .writeInt64(0)
          .writeUVarIntString(topic)
          .writeUVarInt(NO_TAGS)
          .writeBoolean(false) // do not create it
          .writeBoolean(false)
          .writeBoolean(false)
          .writeUVarInt(NO_TAGS),
    },
    response: { decode: async (data: Buffer) => decode(new Decoder(data)), parse: async (decoded: unknown) => decoded },
  })) as TopicId;
  if (errorCode !== 0) throw new Error(`Kafka does not know the topic ${topic} (error ${errorCode})`);
  return id;
}

interface TopicId {
  readonly errorCode: number;
  readonly id: string;
}

function decode(decoder: Decoder): TopicId {
  decoder.readTaggedFields();
  decoder.readInt32(); // throttle time
  for (let brokers = decoder.readUVarInt() - 1; brokers > 0; brokers--) {
    decoder.readInt32();
    decoder.readUVarIntString();
    decoder.readInt32();
    decoder.readUVarIntString();
    decoder.readTaggedFields();
  }
  decoder.readUVarIntString(); // cluster
  decoder.readInt32(); // controller
  decoder.readUVarInt(); // one topic
  const errorCode = decoder.readInt16();
  decoder.readUVarIntString();
  const id = decoder.buffer.subarray(decoder.offset, decoder.offset + 16).toString('hex');
  return { errorCode, id };
}
