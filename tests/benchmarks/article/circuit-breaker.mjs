// The circuit breaker of the article that the product comes from, types removed.
export class CircuitBreaker {
  state = 'CLOSED';
  failureCount = 0;
  lastFailureTime;
  metrics;

  constructor(failureThreshold = 5, recoveryTimeMs = 30_000, onStateChange) {
    this.failureThreshold = failureThreshold;
    this.recoveryTimeMs = recoveryTimeMs;
    this.onStateChange = onStateChange;
    this.metrics = {
      totalCalls: 0,
      successCount: 0,
      failureCount: 0,
      lastStateChange: new Date(),
      currentState: 'CLOSED',
    };
  }

  async call(fn) {
    if (this.state === 'OPEN') {
      const elapsed = Date.now() - (this.lastFailureTime ?? 0);
      if (elapsed < this.recoveryTimeMs) {
        throw new Error(`Circuit is OPEN — retry after ${Math.ceil((this.recoveryTimeMs - elapsed) / 1000)}s`);
      }
      this.transitionTo('HALF_OPEN');
    }
    this.metrics.totalCalls++;
    try {
      const result = await fn();
      this.onSuccess();
      return result;
    } catch (err) {
      this.onFailure();
      throw err;
    }
  }

  onSuccess() {
    this.metrics.successCount++;
    this.failureCount = 0;
    if (this.state !== 'CLOSED') this.transitionTo('CLOSED');
  }

  onFailure() {
    this.metrics.failureCount++;
    this.failureCount++;
    this.lastFailureTime = Date.now();
    if (this.failureCount >= this.failureThreshold) this.transitionTo('OPEN');
  }

  transitionTo(next) {
    this.state = next;
    this.metrics.currentState = next;
    this.metrics.lastStateChange = new Date();
    this.onStateChange?.(next, { ...this.metrics });
  }

  getMetrics() {
    return { ...this.metrics };
  }
}
