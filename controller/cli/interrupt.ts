/** What ^C ends a command with, as a shell tells it. */
const interrupted = 130;

/**
 * While a command follows what goes on in the controller, ^C says that, and how to come back to it. Gives
 * the function that ends this.
 */
export function tellOnInterrupt(text: string): () => void {
  const tell = (): void => {
    process.stderr.write(`\n${text}\n`);
    process.exit(interrupted);
  };
  process.once('SIGINT', tell);
  return () => void process.off('SIGINT', tell);
}
