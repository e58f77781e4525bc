/**
 * Resolves when this process is told to stop, or when the one that started it with a channel is gone.
 * To be called before anything is opened: from then on no signal ends the process, however often it is
 * sent (a terminal and npm both pass one on), until what was opened is closed.
 */
export function stopSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    const stop = (): void => resolve(undefined);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);
    process.once('disconnect', stop);
    if (process.channel !== undefined && !process.connected) stop();
    // Listening for its end would keep the process alive when there is nothing else to do.
    process.channel?.unref();
  });
}
