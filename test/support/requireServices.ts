/** The tests of real servers fail as a whole, and clearly, when one of them is not there. */
export default function requireServices(): void {
  const missing = ['TEST_DATABASE_URL', 'TEST_REDIS_URL', 'TEST_KAFKA_BROKERS'].filter((name) => !process.env[name]);
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')} not set: eval "$(deploy/local/services.sh up)" starts the servers and sets them`);
}
