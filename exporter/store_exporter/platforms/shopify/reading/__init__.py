"""From Shopify's JSON to results. No I/O."""
