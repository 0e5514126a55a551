// The retry of the article that the product comes from, types removed.
export async function withRetry(fn, options = {}) {
  const { maxRetries = 4, baseDelayMs = 200, maxDelayCapMs = 8_000, retryOn = [429, 502, 503, 504] } = options;
  let lastError;
  for (let attempt = 0; attempt <= maxRetries; attempt++) {
    try {
      return await fn();
    } catch (err) {
      lastError = err;
      const status = err?.status ?? err?.response?.status;
      if (attempt === maxRetries || (status && !retryOn.includes(status))) {
        throw err;
      }
      const exponential = Math.min(maxDelayCapMs, baseDelayMs * 2 ** attempt);
      const jitter = Math.random() * exponential;
      await new Promise((r) => setTimeout(r, jitter));
    }
  }
  throw lastError;
}
