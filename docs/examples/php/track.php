<?php
/**
 * Reports the calls that a shop or an application in PHP makes, as docs/applications.md says.
 *
 *     $tracker = new StoreTracker('https://exporter.internal:10847', getenv('INGEST_TOKEN'), 'shop.acme.example');
 *     $cart = $tracker->track('get_cart', fn () => $client->get('cart'));
 *
 * What was measured is sent once, when the request has ended. Without any package, from PHP 8.1 on.
 */

declare(strict_types=1);

final class StoreTracker
{
    private const MOST_CALLS = 1000;

    /** @var list<array<string, mixed>> */
    private array $calls = [];

    /** @param ?string $platform may be left out where the store is configured */
    public function __construct(
        private string $url,
        private string $token,
        private string $domain,
        private ?string $platform = null,
        private float $timeout = 2.0,
    ) {
        register_shutdown_function(function (): void {
            if (function_exists('fastcgi_finish_request')) {
                fastcgi_finish_request(); // the visitor does not wait
            }
            $this->flush();
        });
    }

    /**
     * Calls $work and returns what it returns, or throws what it throws.
     *
     * @param ?callable $failure tells the error type of a result that is a failure, null otherwise
     */
    public function track(string $operation, callable $work, ?callable $failure = null): mixed
    {
        $started = hrtime(true);
        try {
            $result = $work();
        } catch (Throwable $error) {
            $status = $error->getCode();
            $this->record($operation, $started, [
                // An anonymous class has its file in its name.
                'error_class' => substr(explode('@', (new ReflectionClass($error))->getShortName())[0], 0, 100),
                'http_status' => is_int($status) && $status >= 300 && $status <= 599 ? $status : null,
            ]);
            throw $error;
        }
        $type = null;
        try {
            $type = $failure ? $failure($result) : null;
        } catch (Throwable) {
            // A mistake in $failure must not change what the call returns.
        }
        $this->record($operation, $started, ['error_type' => $type]);
        return $result;
    }

    /** Sends what there is, twice if there is no answer. Never throws. */
    public function flush(): void
    {
        $calls = $this->calls;
        $this->calls = [];
        if (!$calls) {
            return;
        }
        $context = stream_context_create(['http' => [
            'method' => 'POST',
            'timeout' => $this->timeout,
            'follow_location' => 0,
            'header' => [
                "Authorization: Bearer {$this->token}",
                'Content-Type: application/json',
                // The same both times, so that the calls count once.
                'Idempotency-Key: ' . bin2hex(random_bytes(16)),
            ],
            'content' => json_encode($calls, JSON_INVALID_UTF8_SUBSTITUTE),
        ]]);
        for ($attempt = 0; $attempt < 2; $attempt++) {
            if (@file_get_contents("{$this->url}/api/v1/operations", false, $context) !== false) {
                return;
            }
        }
        error_log('store-exporter: calls could not be reported');
    }

    /** @param array<string, mixed> $failure */
    private function record(string $operation, int $started, array $failure): void
    {
        if (count($this->calls) < self::MOST_CALLS) {
            $this->calls[] = array_filter([
                'operation' => $operation,
                'domain' => $this->domain,
                'platform' => $this->platform,
                'duration_seconds' => (hrtime(true) - $started) / 1e9,
                ...$failure,
            ], fn ($value) => $value !== null);
        }
    }
}
