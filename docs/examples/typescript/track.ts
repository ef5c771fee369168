// Reports the calls that an application makes to stores, as docs/applications.md says.
//
//   const tracker = new Tracker({ url: "https://exporter.internal:10847", token: process.env.INGEST_TOKEN! });
//   const getCart = tracker.track("get_cart", (id: string) => shop.cart(id), { domain: "shop.acme.example" });
//   await getCart("42");                  // as before: the same result, the same exception
//   await tracker.flush();                // at the end of a request; after(), waitUntil() do as well
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
type Call = Failure & { operation: string; domain: string; platform?: string; duration_seconds: number };

const BATCH = 400;

export class Tracker {
  /** Calls that were given up because there was no room for them. */
  dropped = 0;
  private calls: Call[] = [];
  private batch: { key: string; body: string } | undefined;
  private sending: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;
  private failing = false;

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

  /** Sends what there is. Never throws; what could not be sent goes with the next flush. */
  flush(): Promise<void> {
    // One that has not begun yet will send these calls, too; otherwise flushes pile up in an outage.
    this.waiting ??= this.sending = this.sending.then(() => {
      this.waiting = undefined;
      return this.send();
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
      const reason = (await this.post(this.batch)) && (await this.post(this.batch));
      // Once for each outage, however many flushes it lasts.
      if (reason && !this.failing)
        console.warn(`calls cannot be reported to ${String(this.options.url).replace(/\/\/.*@/, "//")} now:`, reason);
      this.failing = !!reason;
      if (reason) return;
      this.batch = undefined;
    }
  }

  /** Sends a batch; returns why it has to be sent again, "" if it has not. */
  private async post({ key, body }: { key: string; body: string }): Promise<string> {
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
        return `HTTP ${answer.status}`;
      if (!answer.ok || !text.includes('"refused": []')) console.warn("calls were refused:", text.slice(0, 1_000));
      return "";
    } catch (error) {
      const { cause, name } = error as any; // A message may quote the token.
      return String(cause?.code ?? cause?.message ?? name);
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
