// Reports the calls that an application makes to stores, as docs/applications.md says.
//
//   const tracker = new Tracker({ url: "https://exporter.internal:10847", token: process.env.INGEST_TOKEN! });
//   const getCart = tracker.track("get_cart", (id: string) => shop.cart(id), { domain: "shop.acme.example" });
//   await getCart("42");                  // as before: the same result, the same exception
//   await tracker.flush();                // at the end of a request; after(), waitUntil() do as well
//   await tracker.flush(true);            // at the end of the process
//
// Without any package, on Node 20 or later, and wherever there are fetch and crypto.

/** Why a call failed; docs/metrics.md says what each is. */
export type ErrorType =
  | "out_of_stock" | "invalid_coupon" | "not_found" | "invalid_input" | "invalid_state" | "timeout"
  | "dns" | "connection" | "tls" | "server_error" | "maintenance" | "rate_limited" | "blocked"
  | "invalid_response" | "response_too_large" | "redirect" | "unauthorized" | "forbidden"
  | "tls_untrusted" | "api_not_found" | "invalid_request" | "unsupported_operation" | "pool_timeout"
  | "local_failure" | "exception" | "cancelled";

export interface Options {
  url: string;
  /** A token with the scope `ingest`. */
  token: string;
  /** Calls that are kept while the exporter cannot be reached; the oldest go first. */
  maxCalls?: number;
  timeoutMs?: number;
}

export interface Labels<R = unknown> {
  domain: string;
  /** May be left out where the store is configured. */
  platform?: string;
  /** Why a call failed that returned instead of throwing; undefined for a success. */
  failure?: (result: R) => ErrorType | undefined;
}

type Failure = { error_type?: ErrorType; error_class?: string; http_status?: number };
/** Why a batch was not taken, and after how many milliseconds the server wants it again, if it responded. */
type Failed = { reason: string; requested?: number };
type Call = Failure & { operation: string; domain: string; platform?: string; duration_seconds: number };

const BATCH = 400;
/** Milliseconds between attempts: the first ones, and at most, without and with Retry-After. */
const PAUSE = 1_000, LONGEST_PAUSE = 60_000, LONGEST_REQUESTED = 600_000;

export class Tracker {
  /** Calls that were given up because there was no room for them. */
  dropped = 0;
  private calls: Call[] = [];
  private batch: { key: string; body: string } | undefined;
  private sending: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;
  private atOnce = false;
  /** Attempts that failed since the last that did not, and when the next one may be made. */
  private failures = 0;
  private resumes = 0;

  constructor(private readonly options: Options) {}

  /** Wraps an asynchronous function so that each of its calls is reported. */
  track<A extends unknown[], R>(
    operation: string, work: (...args: A) => Promise<R>, labels: Labels<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const started = performance.now();
      try {
        const result = await work(...args);
        this.record(operation, labels, started, () => ({ error_type: labels.failure?.(result) }));
        return result;
      } catch (error) {
        this.record(operation, labels, started, () => failureOf(error));
        throw error;
      }
    };
  }

  /**
   * Sends what there is. Never throws; what could not be sent goes with a later flush.
   * After a failure it does nothing for a while, unless it is to try `atOnce`, as the last one is.
   */
  flush(atOnce = false): Promise<void> {
    this.atOnce ||= atOnce;
    // One that has not begun yet will send these calls, too; otherwise flushes pile up in an outage.
    this.waiting ??= this.sending = this.sending.then(() => {
      const may = this.atOnce || performance.now() >= this.resumes;
      this.waiting = undefined;
      this.atOnce = false;
      return may ? this.send() : undefined;
    });
    return this.waiting;
  }

  private record(
    operation: string, { domain, platform }: Labels<never>, started: number, failed: () => object,
  ): void {
    const duration_seconds = (performance.now() - started) / 1000;
    let failure = {};
    try {
      failure = failed();
    } catch {} // A mistake in `failure` must not change what the call returns.
    // JSON leaves out what is undefined.
    this.calls.push({ operation, domain, platform, duration_seconds, ...failure } as Call);
    const surplus = this.calls.length - (this.options.maxCalls ?? 10_000);
    if (surplus > 0) this.dropped += this.calls.splice(0, surplus).length;
    if (this.calls.length >= BATCH) void this.flush();
  }

  private async send(): Promise<void> {
    while (this.batch || this.calls.length) {
      // Kept with its key until there is an answer, so that it counts once however often it is sent.
      this.batch ??= { key: crypto.randomUUID(), body: JSON.stringify(this.calls.splice(0, BATCH)) };
      let failure = await this.post(this.batch);
      // A connection that breaks once is no outage.
      if (failure?.requested === undefined) failure &&= await this.post(this.batch);
      if (failure) return this.pause(failure);
      this.failures = this.resumes = 0;
      this.batch = undefined;
    }
  }

  private pause({ reason, requested = 0 }: Failed): void {
    // Once for each outage, however many flushes it lasts.
    if (!this.failures)
      console.warn(`calls cannot be reported to ${String(this.options.url).replace(/\/\/.*@/, "//")} now:`, reason);
    const usual = Math.min(PAUSE * 2 ** this.failures++, LONGEST_PAUSE);
    // Instances of the same application do not try at the same time.
    const pause = Math.max(usual * (0.5 + Math.random() / 2), Math.min(requested, LONGEST_REQUESTED));
    this.resumes = performance.now() + pause;
  }

  /** Sends a batch; returns why it has to be sent again, undefined if it has not. */
  private async post({ key, body }: { key: string; body: string }): Promise<Failed | undefined> {
    try {
      const answer = await fetch(new URL("/api/v1/operations", this.options.url), {
        method: "POST", body, redirect: "error",
        headers: {
          Authorization: `Bearer ${this.options.token}`,
          "Content-Type": "application/json", "Idempotency-Key": key,
        },
        signal: AbortSignal.timeout(this.options.timeoutMs ?? 2_000),
      });
      const text = await answer.text();
      if (answer.status >= 500 || answer.status === 408 || answer.status === 429)
        return { reason: `HTTP ${answer.status}`, requested: Number(answer.headers.get("Retry-After")) * 1_000 || 0 };
      if (!answer.ok || !text.includes('"refused": []')) console.warn("calls were refused:", text.slice(0, 1_000));
      return undefined;
    } catch (error) {
      const { cause, name } = error as any; // A message may quote the token.
      return { reason: String(cause?.code ?? cause?.message ?? name) };
    }
  }
}

/** What an error says of itself: axios, fetch, Node and most clients of stores. */
function failureOf(error: unknown): Failure {
  const said = (error ?? {}) as Record<string, any>;
  const status = said.status ?? said.statusCode ?? said.response?.status;
  const name = said.code ?? said.cause?.code ?? said.name ?? "Error";
  return {
    error_class: String(name).slice(0, 100) || "Error",
    ...(Number.isInteger(status) && status >= 300 && status <= 599 ? { http_status: status } : {}),
  };
}
